"""Whether an answer is right: beside seqattr's own in float64, which is additive to 1e-10."""

from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

from benchmarks.cases import Problem
from benchmarks.tools import Answer, engine
from seqattr.methods import Attribution

# Of the largest contribution; a tool that is further off is wrong, not rounded. (seqattr's own target is
# stricter, and stands with the others.)
RIGHT = 1e-3
# No float64 run that is less additive may judge others.
ADDITIVE = 1e-8


class Errors(NamedTuple):
    """The largest deviation over the largest contribution, and the worst additivity error."""

    contributions: float
    additivity: float


@cache
def truth(problem: Problem) -> Attribution:
    """The float64 run. Raises AssertionError if it is not additive itself."""
    result = engine(problem, problem.case.method, torch.float64).attribute(
        problem.sequences, problem.references
    )
    worst = float(result.additivity_error.max())
    assert worst < ADDITIVE, f"{problem.case.name}: an additivity error of {worst} in float64"
    return result


def errors(problem: Problem, answer: Answer) -> Errors:
    """How far an answer is from the truth."""
    true = truth(problem)
    deviation = (answer.contributions.double() - true.contributions).abs().amax((1, 2))
    largest = true.contributions.abs().amax((1, 2))
    told = answer.additivity
    additivity = told if told is not None else mean_additivity(answer.contributions, true)
    return Errors(float((deviation / largest).max()), additivity)


def mean_additivity(contributions: Tensor, true: Attribution) -> float:
    """The additivity error of means over references, all that peers tell."""
    gap = (contributions.double().sum(2) - true.difference).abs()
    floor = torch.maximum(true.difference.abs(), true.prediction.abs() / 100)
    return float((gap / floor).max())
