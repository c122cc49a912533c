"""The table of methods."""

from dataclasses import dataclass

from seqattr.engine.plan import Rulebook
from seqattr.engine.rules.deeplift import GENOMICS_DEFAULT, RESCALE, REVEALCANCEL
from seqattr.engine.rules.gradient import GRADIENT
from seqattr.engine.rules.guided import GUIDED
from seqattr.errors import UnknownName
from seqattr.methods.ways import Way, against_references, along_path, at_sequence


@dataclass(frozen=True)
class Method:
    """How to attribute: a rulebook, the way it is used, and what a reader should know of it.

    `complete` says that contributions sum to the difference from the reference.
    """

    book: Rulebook
    way: Way
    complete: bool
    summary: str
    source: str


def integrated(steps: int) -> tuple[str, str]:
    """Summary and source of integrated gradients; complete only as the steps go to infinity."""
    return f"gradients at the midpoints of {steps} steps from the reference", "Sundararajan, Taly & Yan 2017"


PAPER = "Shrikumar, Greenside & Kundaje 2017"
METHODS: dict[str, Method] = {
    "deeplift": Method(
        GENOMICS_DEFAULT,
        against_references,
        True,
        "DeepLIFT with RevealCancel after dense layers, Rescale after convolutions",
        f"{PAPER}, section 4.2",
    ),
    "deeplift-rescale": Method(
        RESCALE,
        against_references,
        True,
        "DeepLIFT with the Rescale rule at every nonlinearity",
        f"{PAPER}, section 3.5.2",
    ),
    "deeplift-revealcancel": Method(
        REVEALCANCEL,
        against_references,
        True,
        "DeepLIFT with the RevealCancel rule at every nonlinearity",
        f"{PAPER}, section 3.5.3",
    ),
    "gradient": Method(
        GRADIENT,
        at_sequence,
        False,
        "the gradient at the sequence, times its difference from the reference",
        "Simonyan, Vedaldi & Zisserman 2014",
    ),
    "guided-backprop": Method(
        GUIDED,
        at_sequence,
        False,
        "guided backpropagation, times the difference from the reference",
        "Springenberg et al. 2015, section 3.4",
    ),
    "integrated-gradients-5": Method(GRADIENT, along_path(5), False, *integrated(5)),
    "integrated-gradients-10": Method(GRADIENT, along_path(10), False, *integrated(10)),
    "integrated-gradients-50": Method(GRADIENT, along_path(50), False, *integrated(50)),
}


def method_named(name: str) -> Method:
    """The method of this name. Raises UnknownName, listing what there is."""
    if name not in METHODS:
        raise UnknownName("method", name, METHODS)
    return METHODS[name]
