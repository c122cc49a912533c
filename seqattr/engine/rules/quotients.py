"""Quotients u = a / b: divided by an activation, or multiplied by one over it.

The difference of a = u b is du b + u0 db and also du b0 + u db, so that for any two weights with
alpha b0 + beta b = 1

    du = (alpha + beta) da - (alpha u + beta u0) db

exactly: with da = u b - u0 b0 what is left is u (alpha b0 + beta b) - u0 (alpha b0 + beta b). Where b and b0
have one sign, alpha = beta = 1 / (b + b0), which is the midpoint rule of the product u b solved for du:
(da - mean(u) db) / mean(b). Where they have two, the smallest weights that there are: b0 and b, both over
b^2 + b0^2. So |alpha| and |beta| are at most 1 / max(|b|, |b0|), and no part is larger than 2 (|u| + |u0|):
neither 1 / b nor a0 / b, which have no bound where a denominator comes near 0, plays a part.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from seqattr.engine.graph.graph import Ref
from seqattr.engine.numerics.multipliers import Multiplier, whole
from seqattr.engine.numerics.secants import mean
from seqattr.engine.rules.adjoint import unbroadcast
from seqattr.engine.walk.rulebook import Pullback, StepContext, one, rule


def weights(b: Tensor, b0: Tensor) -> Sequence[Tensor]:
    """alpha + beta, and where any two signs differ also beta - alpha, which is 0 where they do not."""
    total, differ = b + b0, (b < 0) != (b0 < 0)
    alike = torch.where(total == 0, 0.0, 2 / total)
    if not differ.any():
        return [alike]
    size = torch.hypot(b, b0)
    across, gap = ((b + b0) / size / size, (b - b0) / size / size)
    return torch.where(differ, across, alike), torch.where(differ, gap, 0.0)


@rule()
def quotient(context: StepContext) -> Pullback:
    """a / b: (alpha + beta) to a, -(alpha u + beta u0) to b."""
    numerator, below = context.step.args[0], len(context.inputs) - 1
    divided = isinstance(numerator, Ref) and numerator in context.plan.active
    total, *gap = context.pairs.pairwise(weights, context.inputs[below])
    to_divisor, shape = weighted_values(context, below, -total, gap), context.shape()

    def backward(multiplier: Multiplier) -> Sequence[Multiplier]:
        m = whole(multiplier)
        return [unbroadcast(m * total, shape), to_divisor(m)] if divided else [to_divisor(m)]

    return Pullback(backward)


def by_divisor(context: StepContext, divisor: int) -> Pullback:
    """a i with i = 1 / b, and so db = -di / (i i0): the weights of b over i i0 are those of i, exchanged."""
    total, *gap = context.pairs.pairwise(weights, context.inputs[divisor])
    both = context.pairwise(torch.mul, divisor)
    to_divisor, shape = weighted_values(context, divisor, total, gap), context.shape(1 - divisor)

    def backward(multiplier: Multiplier) -> Sequence[Multiplier]:
        m = whole(multiplier)
        sent = unbroadcast(m * (total * both), shape), to_divisor(m)
        return sent if divisor else sent[::-1]

    return Pullback(backward)


def weighted_values(
    context: StepContext, divisor: int, total: Tensor, gap: Sequence[Tensor]
) -> Callable[[Tensor], Tensor]:
    """What a multiplier is worth on the divisor: times mean(u) total, plus du gap / 2 where there is one."""
    shape, middle = context.shape(divisor), context.output_pairwise(one(mean))[0]
    change = context.output_pairwise(one(torch.sub))[0] / 2 if gap else None

    def to_divisor(m: Tensor) -> Tensor:
        sent = unbroadcast(m * middle, shape) * total
        return sent if change is None else sent + unbroadcast(m * change, shape) * gap[0]

    return to_divisor
