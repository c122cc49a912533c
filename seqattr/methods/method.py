"""What there is to know of a method."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

from seqattr.engine.capture.model import Model
from seqattr.engine.walk.rulebook import Rulebook
from seqattr.errors import InputError
from seqattr.methods.attributors import Attributor
from seqattr.methods.learned_patterns import Patterns
from seqattr.support.advice import advice


class Cost(NamedTuple):
    """Rows that go through the model for one sequence, as expressions in R references, T targets and L bases.

    The references' own outputs, for the difference, are among the rows forward.
    """

    forward: str
    backward: str


@dataclass(frozen=True, kw_only=True)
class Method:
    """How to attribute, and what a reader should know of it.

    `attributor` explains a batch, by the multipliers of the `rulebook`; without one, it asks the model in its
    own way. `complete` says that contributions sum to the difference from the reference, `needs_references`
    that they are of differences from references (*baselines*); the others score the bases themselves.
    `at_step` makes the attributor for a step of the model, which a name such as grad-cam:relu_1 asks for,
    and `at_positions` for some positions of each sequence alone, as ism:500-560 does; such a method is of
    `one_strand`.
    `needs_patterns` says that it takes patterns learned from sequences, and `patterns` are these, once
    `with_patterns` has given them. `cost` is what the table of methods says, as `family` and `source` are.
    """

    summary: str
    source: str
    family: str
    attributor: Attributor
    rulebook: Rulebook | None = None
    complete: bool = False
    needs_references: bool = True
    cost: Cost
    at_step: Callable[[str], Attributor] | None = None
    at_positions: Callable[[slice], Attributor] | None = None
    one_strand: bool = False
    needs_patterns: bool = False
    patterns: Patterns | None = None

    def rulebook_for(self, model: Model) -> Rulebook | None:
        """The rulebook, with what was learned of the model.

        Raises InputError without patterns, or with another model's.
        """
        if self.rulebook is None or not self.needs_patterns:
            return self.rulebook
        if self.patterns is None:
            raise InputError(f"the method '{self.rulebook.name}' needs patterns{how_to_give_patterns()}")
        return replace(self.rulebook, learned=self.patterns.of(model))


def how_to_give_patterns() -> str:
    """How patterns come to a method, where they can be given."""
    learned = ": learn them with `seqattr patterns` and give `patterns=FILE`"
    library = ", or with `fit_patterns` and give `with_patterns`"
    return "".join(advice(learned, library)) or ", which cannot be given here; name another method"
