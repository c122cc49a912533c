"""What the methods of a family have in common: each function here makes the entries of one."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from seqattr.engine.rules.gradient import GRADIENT
from seqattr.engine.walk.rulebook import Rulebook
from seqattr.methods.attributors import Attributor, against_references, along_path, at_sequence, relevance
from seqattr.methods.method import Cost, Method
from seqattr.methods.mutagenesis import Scorer, mutagenesis, occlusion

PAIRS, ALONE = Cost("R + 1", "R * T"), Cost("R + 1", "T")
NOISY_SAMPLES, NOISE = 25, 0.15  # of the range from no base to a base, which is 1


def differences(rulebook: Rulebook, summary: str, source: str) -> Method:
    """Multipliers of each pair of a sequence and a reference, complete by their rules."""
    return Method(
        family="differences",
        summary=summary,
        source=source,
        attributor=against_references,
        rulebook=rulebook,
        complete=True,
        cost=PAIRS,
    )


def gradient(
    attributor: Attributor, summary: str, source: str, references: bool, cost: Cost = ALONE
) -> Method:
    """A use of the plain gradient; times the difference where references take part."""
    return Method(
        family="gradients",
        summary=summary,
        source=source,
        attributor=attributor,
        rulebook=GRADIENT,
        needs_references=references,
        cost=cost,
    )


def integrated_gradients(steps: int) -> Method:
    """Integrated gradients; complete only as the steps go to infinity."""
    summary = f"gradients at the midpoints of {steps} steps from the reference, times the difference"
    cost = Cost(f"{steps + 1} * R + 1", f"{steps} * R * T")
    return gradient(along_path(steps), summary, "Sundararajan, Taly & Yan 2017, section 3", True, cost)


def noisy(attributor: Attributor, what: str, source: str, references: bool) -> Method:
    """A use of gradients at noisy copies of the sequence."""
    summary = f"{what} at {NOISY_SAMPLES} copies of the sequence with noise of standard deviation {NOISE}"
    cost = Cost(f"R + {NOISY_SAMPLES + 1}", f"{NOISY_SAMPLES} * T")
    return gradient(attributor, summary, source, references, cost)


def backward(rulebook: Rulebook, summary: str, source: str) -> Method:
    """A gradient whose way back is changed, times the difference."""
    return Method(
        family="modified backward",
        summary=summary,
        source=source,
        attributor=at_sequence,
        rulebook=rulebook,
        cost=ALONE,
    )


def class_activation(
    rulebook: Rulebook, at_step: Callable[[str], Attributor], summary: str, source: str, guided: bool
) -> Method:
    """Grad-CAM's map of a step, or that times a rulebook's multipliers and the difference."""
    return Method(
        family="modified backward",
        summary=summary,
        source=source,
        attributor=at_step(""),
        rulebook=rulebook,
        needs_references=guided,
        cost=Cost("R + 2", "2 * T") if guided else ALONE,
        at_step=at_step,
    )


def relevances(rulebook: Rulebook, summary: str, source: str) -> Method:
    """Layer-wise relevance propagation: the output itself, not a difference, shared out among the bases."""
    return Method(
        family="relevance",
        summary=summary,
        source=source,
        attributor=relevance,
        rulebook=rulebook,
        needs_references=False,
        cost=ALONE,
    )


def by_patterns(rulebook: Rulebook, attributor: Attributor, summary: str) -> Method:
    """What patterns learned from sequences, given with the method, say of the bases."""
    return Method(
        family="learned patterns",
        summary=summary,
        source="Kindermans et al. 2018, section 5",
        attributor=attributor,
        rulebook=rulebook,
        needs_references=False,
        cost=ALONE,
        needs_patterns=True,
    )


def perturbing(
    attributor: Attributor,
    summary: str,
    source: str,
    cost: Cost,
    *,
    references: bool = True,
    complete: bool = False,
) -> Method:
    """Outputs where bases are exchanged, for the references' or for each other; at most that costs."""
    return Method(
        family="perturbation",
        summary=summary,
        source=source,
        attributor=attributor,
        complete=complete,
        needs_references=references,
        cost=cost,
    )


def mutating(scorer: Scorer, summary: str, source: str) -> Method:
    """In-silico mutagenesis, of all positions or of some."""
    cost = Cost("3 * L + R + 2", "0")
    method = perturbing(mutagenesis(scorer), summary, source, cost, references=False)
    return replace(method, at_positions=partial(mutagenesis, scorer))


def occluding(width: int) -> Method:
    """Occlusion by windows."""
    what = "each base" if width == 1 else f"each window of {width} bases"
    windows = "L + 1" if width == 1 else f"L - {width - 2}"
    summary = f"the loss where {what} is replaced by the reference's"
    cost = Cost(f"({windows}) * R + 2", "0")
    return perturbing(occlusion(width), summary, "Zeiler & Fergus 2014, section 4.2", cost)
