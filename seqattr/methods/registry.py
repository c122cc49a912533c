"""The table of methods."""

from dataclasses import dataclass

from seqattr.engine.plan import Rulebook
from seqattr.engine.rules.deeplift import GENOMICS_DEFAULT, RESCALE, REVEALCANCEL
from seqattr.engine.rules.gradient import GRADIENT
from seqattr.errors import UnknownName


@dataclass(frozen=True)
class Method:
    """How to attribute: a rulebook, and what a reader should know of it.

    `complete` says that contributions sum to the difference from the reference; a method without
    `uses_references` walks back at the sequence alone, whatever it is compared with afterwards.
    """

    book: Rulebook
    summary: str
    source: str
    complete: bool = True
    uses_references: bool = True


PAPER = "Shrikumar, Greenside & Kundaje 2017"
METHODS: dict[str, Method] = {
    "deeplift": Method(
        GENOMICS_DEFAULT,
        "RevealCancel after dense layers, Rescale after convolutions",
        f"{PAPER}, section 4.2",
    ),
    "deeplift-rescale": Method(RESCALE, "the Rescale rule at every nonlinearity", f"{PAPER}, section 3.5.2"),
    "deeplift-revealcancel": Method(
        REVEALCANCEL, "the RevealCancel rule at every nonlinearity", f"{PAPER}, section 3.5.3"
    ),
    "gradient": Method(
        GRADIENT,
        "the gradient at the sequence, times its difference from the reference",
        "Simonyan, Vedaldi & Zisserman 2014",
        complete=False,
        uses_references=False,
    ),
}


def method_named(name: str) -> Method:
    """The method of this name. Raises UnknownName, listing what there is."""
    if name not in METHODS:
        raise UnknownName("method", name, METHODS)
    return METHODS[name]
