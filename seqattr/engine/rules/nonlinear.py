"""Steps of several inputs that are not linear: each passed back so that its parts sum to its difference.

None of them has natural parts: a difference that comes back in parts is collapsed before it gets here.
"""

from collections.abc import Sequence
from functools import cached_property, partial

import torch
from torch import Tensor

from seqattr.engine.graph.kinds import held_values
from seqattr.engine.numerics import pools, secants
from seqattr.engine.numerics.lines import Line
from seqattr.engine.numerics.multipliers import Multiplier, whole
from seqattr.engine.ops.composites import BY_FIRST_FACTOR
from seqattr.engine.ops.names import AMAX
from seqattr.engine.ops.weights import MATRIX_PRODUCTS
from seqattr.engine.ops.windows import POOLS, pool_of
from seqattr.engine.rules import small_parts
from seqattr.engine.rules.adjoint import matrix_adjoint, unbroadcast, vjp
from seqattr.engine.rules.quotients import by_divisor
from seqattr.engine.walk.rulebook import Pullback, StepContext, one, rule

HARDLY = 1e-6  # as tangermeme has it


def midpoint(context: StepContext, argument: int) -> Tensor:
    """The mean of an argument's two sides."""
    return context.pairwise(secants.mean, argument)


@rule()
def product(context: StepContext) -> Pullback:
    """d(ab) = mean(b) da + mean(a) db, exactly; where one of them is one over something, as of a quotient;
    of what is divided, or made of quotients, in parts as small as they can be. A factor that is held weighs
    the other with the mean of its own two sides.
    """
    if context.step.part_of == BY_FIRST_FACTOR:
        return by_first_factor(context)
    if not held_values(context.plan.graph).isdisjoint(context.inputs):
        return by_midpoints(context)
    divisors = [i for i, ref in enumerate(context.inputs) if ref in context.plan.divisors]
    if len(divisors) == 1:
        return by_divisor(context, divisors[0])
    if context.step.name in context.plan.products_by_quotients and context.inputs[0] != context.inputs[1]:
        return small_parts.product(context)
    return by_midpoints(context)


def by_first_factor(context: StepContext) -> Pullback:
    """d(ab) / da to a, nothing to b, as Rescale of a function of a; where a hardly differs, mean(b)."""
    change, difference = context.output_pairwise(one(torch.sub))[0], context.difference()
    hardly = difference.abs() < HARDLY
    slope = torch.where(hardly, midpoint(context, 1), change / torch.where(hardly, 1.0, difference))
    shapes = context.shape(0), context.shape(1)
    return Pullback(lambda m: [unbroadcast(whole(m) * slope, shapes[0]), whole(m).new_zeros(shapes[1])])


def by_midpoints(context: StepContext) -> Pullback:
    """mean(b) to a, and mean(a) to b."""
    middles, shapes = (midpoint(context, 0), midpoint(context, 1)), (context.shape(0), context.shape(1))

    def backward(multiplier: Multiplier) -> Sequence[Multiplier]:
        m = whole(multiplier)
        return [unbroadcast(m * middles[1 - i], shapes[i]) for i in (0, 1)]

    return Pullback(backward)


@rule()
def bilinear(context: StepContext) -> Pullback:
    """A matrix product of two activations: the same."""
    if context.step.name in context.plan.products_by_quotients and context.step.op in MATRIX_PRODUCTS:
        return small_parts.matrix_product(context)
    function, middles = context.as_function(), (midpoint(context, 0), midpoint(context, 1))

    def backward(multiplier: Multiplier) -> Sequence[Multiplier]:
        m = whole(multiplier)
        if context.step.op not in MATRIX_PRODUCTS:
            return vjp(function, middles, m)
        return [matrix_adjoint(m, middles[1 - i], middles[i].shape, i) for i in (0, 1)]

    return Pullback(backward)


@rule()
def log_sum_exp(context: StepContext) -> Pullback:
    """log(sum(exp(x))): the logarithmic mean of each term's two sides over that of the two sums.

    Nothing overflows or cancels, and the weights sum to at most 1.
    """
    dims, keepdim = context.step.arguments.dim, context.step.arguments.keepdim
    a, b = context.sequence(), context.reference()
    log_a, log_b = torch.logsumexp(a, dims, True), torch.logsumexp(b, dims, True)
    shift = torch.maximum(log_a, log_b)
    weights = secants.exp(a - shift, b - shift) / secants.exp(log_a - shift, log_b - shift)
    kept_shape = log_a.shape

    def backward(multiplier: Multiplier) -> Sequence[Multiplier]:
        m = whole(multiplier)
        return [(m if keepdim else m.reshape(kept_shape)) * weights]

    return Pullback(backward)


@rule(exact=True)
def largest(context: StepContext) -> Pullback:
    """Max over a window or a dimension, window by window: what the sequence's largest adds over the
    reference's goes to its place, what the reference's largest takes away goes to that one's place.

    Of several that are equally large it is the first, as in torch; `amax` alone shares among them.
    """
    if context.step.op == AMAX:
        return shared_largest(context)
    window = Windows(context)
    line = window.line
    if line and (kept := context.pairwise_parts(partial(pools.largest, line=line))):
        return Pullback(lambda m: [pools.to_largest(window.in_place(whole(m)), kept, line)])
    a, b = window.lines(context.sequence()), window.lines(context.reference())
    (top_a, index_a), (top_b, index_b) = (
        window.largest(context.sequence()),
        window.largest(context.reference()),
    )
    cross, alike = torch.maximum(top_a, top_b), (index_a == index_b) / 2
    to_a = safe_ratio(cross - top_b, (a - b).gather(-1, index_a), alike)
    to_b = safe_ratio(top_a - cross, (a - b).gather(-1, index_b), alike)

    def backward(multiplier: Multiplier) -> Sequence[Multiplier]:
        m = window.value_lines(whole(multiplier))
        back = torch.zeros_like(a).scatter_add_(-1, index_a, m * to_a).scatter_add_(-1, index_b, m * to_b)
        return [window.restore(back)]

    return Pullback(backward)


def shared_largest(context: StepContext) -> Pullback:
    """The same for `amax`: what is due to the largest is due to all that are as large, in equal shares."""
    dims, keepdim = context.step.arguments.dim, context.step.arguments.keepdim
    a, b = context.sequence(), context.reference()
    dims = sorted(d % a.ndim for d in dims) or list(range(a.ndim))
    top_a, top_b = a.amax(dims, True), b.amax(dims, True)
    share_a, share_b = shares(a == top_a, dims, a.dtype), shares(b == top_b, dims, a.dtype)
    cross = torch.maximum(top_a, top_b)
    change = share_a * (cross - top_b) + share_b * (top_a - cross)
    alike = torch.where(torch.minimum(share_a, share_b) > 0, (share_a + share_b) / 2, 0.0)
    slope = safe_ratio(change, a - b, alike)
    kept = top_a.shape
    return Pullback(lambda m: [(whole(m) if keepdim else whole(m).reshape(kept)) * slope])


def shares(among: Tensor, dims: list[int], dtype: torch.dtype) -> Tensor:
    """1 over their number for those that are among the largest, 0 for all others."""
    chosen = among.to(dtype)
    return chosen / chosen.sum(dims, keepdim=True)


def safe_ratio(change: Tensor, difference: Tensor, otherwise: Tensor) -> Tensor:
    """change / difference; where there is no difference, and so no change, its limit `otherwise`."""
    nothing = difference == 0
    return torch.where(nothing, otherwise.to(change), change / torch.where(nothing, 1.0, difference))


class Windows:
    """Max pooling and max over a dimension in one form: lines of elements in the last dimension."""

    def __init__(self, context: StepContext) -> None:
        self.step, self.shape = context.step, context.shape()
        self.batch_dim = context.pairs.layout(context.inputs[0]).dim
        self.windows = context.pairs.shape(context.step.name)[-1]  # along the last dimension
        self.pool = POOLS.get(self.step.op)
        self.spatial = self.pool.dims if self.pool else 0
        self.dim: int | None = None
        if self.pool is None:
            self.dim = self.step.arguments.dim % len(self.shape)
            self.keepdim = bool(self.step.arguments.keepdim)

    @cached_property
    def line(self) -> Line | None:
        """The windows, where they go along one dimension alone, as most do."""
        if self.dim is not None:
            length, behind = self.shape[self.dim], self.dim > self.batch_dim  # which gets more dimensions
            return Line(length, 1, length, length, dim=self.dim - behind * len(self.shape))
        length = self.shape[-1]
        if any(size != 1 for size in self.shape[-self.spatial : -1]):
            return None
        if self.pool and self.pool.adaptive:
            *others, windows = self.step.arguments.output_size
            even = windows > 0 and length % windows == 0 and set(others) <= {1}
            return Line(length, windows, length // windows, length // windows) if even else None
        *along, _ = pool_of(self.step.op, self.step.arguments)
        flat = set(along[0][:-1]) <= {1} and not any(along[2][:-1])
        return Line(length, self.windows, *(numbers[-1] for numbers in along)) if flat else None

    def lines(self, value: Tensor) -> Tensor:
        """(..., elements) of an argument."""
        return value.flatten(-self.spatial) if self.dim is None else value.movedim(self.dim, -1).contiguous()

    def value_lines(self, value: Tensor) -> Tensor:
        """(..., windows) of the step's value."""
        if self.dim is None:
            return value.flatten(-self.spatial)
        return value.movedim(self.dim, -1) if self.keepdim else value.unsqueeze(-1)

    def in_place(self, value: Tensor) -> Tensor:
        """The step's value, with windows in the dimension that elements have in the argument."""
        return value if self.dim is None or self.keepdim else value.unsqueeze(self.dim)

    def restore(self, lines: Tensor) -> Tensor:
        """The inverse of `lines`."""
        return lines.reshape(self.shape) if self.dim is None else lines.movedim(-1, self.dim)

    def largest(self, value: Tensor) -> tuple[Tensor, Tensor]:
        """The largest of each window and its place in its line."""
        if self.dim is not None:
            top, index = value.max(self.dim, keepdim=True)
            return top.movedim(self.dim, -1), index.movedim(self.dim, -1)
        top, index = self._pool(value)
        return top.flatten(-self.spatial), index.flatten(-self.spatial)

    def _pool(self, value: Tensor) -> tuple[Tensor, Tensor]:
        assert self.pool is not None
        op, arguments = self.step.op, self.step.arguments
        return self.pool.with_places(
            value, *((arguments.output_size,) if self.pool.adaptive else pool_of(op, arguments))
        )
