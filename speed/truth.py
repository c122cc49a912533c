"""Whether an answer is right: beside seqattr's own in float64, which is additive to 1e-10."""

from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

from seqattr.methods.attribution import Attribution
from speed.cases import Problem
from speed.tools import Answer, explainer

# Of the largest contribution; a tool that is further off in most sequences is wrong, not rounded. (In single
# sequences rounding decides which of two equal activations a max takes. seqattr's own target, of the worst
# sequence, is stricter, and stands with the others.)
RIGHT = 1e-3
# No float64 run that is less additive may judge others.
ADDITIVE = 1e-8


class Errors(NamedTuple):
    """The largest deviation over the target's largest contribution; a sequence's over its own largest, the
    median of sequences; and the worst additivity error. The worst target's, each.
    """

    worst: float
    median: float
    additivity: float


@cache
def truth(problem: Problem) -> Attribution:
    """The float64 run. Raises AssertionError if it is not additive itself."""
    result = explainer(problem, problem.case.method, torch.float64).attribute(
        problem.sequences, problem.references
    )
    worst = float(result.additivity_error.max())
    assert worst < ADDITIVE, f"{problem.case.name}: an additivity error of {worst} in float64"
    return result


def deviations(contributions: Tensor, true: Tensor) -> Tensor:
    """(T, N): each sequence's largest deviation, of contributions (T, N, L)."""
    return (contributions.double() - true).abs().amax(2)


def errors(problem: Problem, answer: Answer) -> Errors:
    """How far an answer is from the truth."""
    true = truth(problem)
    deviation = deviations(answer.contributions, true.contributions)
    largest = true.contributions.abs().amax(2)
    relative = torch.where(deviation == 0, 0.0, deviation / largest)
    worst, median = (deviation.amax(1) / largest.amax(1)).max(), relative.quantile(0.5, dim=1).max()
    additivity = answer.additivity
    additivity = additivity if additivity is not None else mean_additivity(answer.contributions, true)
    return Errors(float(worst), float(median), additivity)


def mean_additivity(contributions: Tensor, true: Attribution) -> float:
    """The additivity error of means over references, all that peers tell."""
    gap = (contributions.double().sum(2) - true.difference).abs()
    floor = torch.maximum(true.difference.abs(), true.prediction.abs() / 100)
    return float((gap / floor).max())
