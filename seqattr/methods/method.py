"""What there is to know of a method."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from seqattr.engine.plan import Rulebook
from seqattr.methods.ways import Way


class Cost(NamedTuple):
    """Rows that go through the model for one sequence, as expressions in R references, T targets and L bases.

    The references' own outputs, for the difference, are among the rows forward.
    """

    forward: str
    backward: str


@dataclass(frozen=True)
class Method:
    """How to attribute: a rulebook, the way it is used, and what a reader should know of it.

    `complete` says that contributions sum to the difference from the reference, `needs_references` that they
    are of differences from references; the others score the bases themselves. `at_step` makes the way for a
    step of the model, which a name such as grad-cam:relu_1 asks for.
    """

    book: Rulebook
    way: Way
    complete: bool
    summary: str
    source: str
    family: str
    needs_references: bool
    cost: Cost
    at_step: Callable[[str], Way] | None = None
