"""Products in parts that are small: for those that are divided, or have a quotient among their factors.

d(ab) is b da + a0 db, where a changes first, and b0 da + a db, where b does. Their mean is the midpoint rule;
any other has weights of 1 in sum. Here the order whose parts are smaller has so much more weight: with costs
c = |b da| + |a0 db| and c0 = |b0 da| + |a db| the weights are c0 and c over their sum, and the parts come to
at most twice the smaller cost. Where a goes from 0 to 1 and b from 1 to 0, nothing changes, and both parts
are 0; the midpoint's are 1/2 and -1/2, whatever they are divided by afterwards.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from seqattr.engine.numerics.multipliers import Multiplier, whole
from seqattr.engine.rules.adjoint import matrix_adjoint, unbroadcast
from seqattr.engine.walk.rulebook import Pullback, StepContext


def product(context: StepContext) -> Pullback:
    """Element by element."""
    (a, a0, b, b0), shapes = sides(context), (context.shape(0), context.shape(1))
    weight = of_first(torch.mul, a, a0, b, b0)
    middles = torch.lerp(a, a0, weight), torch.lerp(b0, b, weight)

    def backward(multiplier: Multiplier) -> Sequence[Multiplier]:
        m = whole(multiplier)
        return [unbroadcast(m * middles[1 - i], shapes[i]) for i in (0, 1)]

    return Pullback(backward)


def matrix_product(context: StepContext) -> Pullback:
    """Of matrices: one weight for each element of the value."""
    a, a0, b, b0 = sides(context)
    weight = of_first(torch.matmul, a, a0, b, b0)

    def backward(multiplier: Multiplier) -> Sequence[Multiplier]:
        m = whole(multiplier)
        first, second = m * weight, m * (1 - weight)
        to_a = matrix_adjoint(first, b, a.shape, 0) + matrix_adjoint(second, b0, a.shape, 0)
        to_b = matrix_adjoint(first, a0, b.shape, 1) + matrix_adjoint(second, a, b.shape, 1)
        return [to_a, to_b]

    return Pullback(backward)


def sides(context: StepContext) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """a, a0, b, b0, for each pair."""
    return context.sequence(0), context.reference(0), context.sequence(1), context.reference(1)


def of_first(
    times: Callable[[Tensor, Tensor], Tensor], a: Tensor, a0: Tensor, b: Tensor, b0: Tensor
) -> Tensor:
    """The weight of the order in which a changes first; 1/2 where neither costs anything."""
    da, db = (a - a0).abs(), (b - b0).abs()
    cost = times(da, b.abs()) + times(a0.abs(), db)
    cost0 = times(da, b0.abs()) + times(a.abs(), db)
    total = cost + cost0
    return torch.where(total == 0, 0.5, cost0 / total)
