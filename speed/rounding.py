"""How far seqattr's contributions are from float64's, and in which sequences rounding decides a max pool."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from speed.cases import Problem
from speed.tools import Answer, explainer, ours
from speed.truth import deviations, errors, truth

# Where it makes a difference that all weights move by this share, rounding decides: float32 keeps 2^-24.
MOVED = 2**-22
DRAWS = 8


class Rounding(NamedTuple):
    """Of a problem: the worst sequence's deviation, over the target's largest contribution; that of all but
    those in which rounding decides between two equal values of a max pool, how many these are; the median
    sequence's, over its own largest; the worst pair's additivity error.
    """

    case: str
    products: str
    worst: float
    without_ties: float
    ties: int
    median: float
    additivity: float


def measure(problem: Problem, products: str, limit: float) -> Rounding:
    """Of seqattr, where it multiplies in some way."""
    return rounding(problem, products, ours(problem, None, products=products)(), limit)


def rounding(problem: Problem, products: str, answer: Answer, limit: float) -> Rounding:
    """Of an answer of seqattr's; sequences that are within the limit are not asked what moves them."""
    true = truth(problem).contributions
    apart = deviations(answer.contributions, true) / true.abs().amax((1, 2))[:, None]
    beyond = (apart > limit).any(0).nonzero().flatten()
    ties = beyond[decided(problem, beyond, limit)] if len(beyond) and has_max_pools(problem) else beyond[:0]
    others = torch.ones(apart.shape[1], dtype=torch.bool)
    others[ties] = False
    found = errors(problem, answer)
    rest = float(apart[:, others].max()) if others.any() else 0.0
    return Rounding(problem.case.name, products, found.worst, rest, len(ties), found.median, found.additivity)


def has_max_pools(problem: Problem) -> bool:
    return any(isinstance(part, nn.MaxPool1d) for part in problem.module.modules())


def decided(problem: Problem, rows: Tensor, limit: float) -> Tensor:
    """Which of some sequences float64 explains otherwise, by more than the limit, when each weight moves by a
    rounding: at a kink, as where two values of a pool are nearly equal. Equal windows stay equal.
    """
    true = truth(problem).contributions
    largest, found = true.abs().amax((1, 2))[:, None], torch.zeros(len(rows), dtype=torch.bool)
    for seed in range(DRAWS):
        moved = explainer(problem, problem.case.method, torch.float64)
        move(moved.session.graph.tensors, seed)
        result = moved.attribute(problem.sequences[rows], problem.references[rows])
        found |= (deviations(result.contributions, true[:, rows]) > limit * largest).any(0)
    return found


def move(weights: Mapping[str, Tensor], seed: int) -> None:
    """Each by a share of up to MOVED, drawn."""
    generator = torch.Generator().manual_seed(seed)
    for weight in weights.values():
        if weight.is_floating_point():
            drawn = torch.rand(weight.shape, generator=generator, dtype=torch.float64)
            weight.mul_((1 + MOVED * (2 * drawn - 1)).to(weight))
