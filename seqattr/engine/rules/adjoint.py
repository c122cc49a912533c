"""Transposes: what a multiplier on a step's value is worth on the step's arguments."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import torch
from torch import Tensor

from seqattr.engine.numerics.gpu.common_layout import dense_strides, from_outermost
from seqattr.engine.ops.arguments import parameters
from seqattr.engine.ops.moving import RESHAPES, SQUEEZES
from seqattr.engine.ops.names import (
    EXPAND,
    FLIP,
    MEAN,
    PERMUTE,
    SELECT,
    SLICE,
    SQUEEZE,
    SUM,
    TRANSPOSE,
    UNSQUEEZE,
)
from seqattr.engine.ops.windows import AVERAGE_POOLS, average_adjoint, average_of
from seqattr.engine.walk.rulebook import StepContext

Back = Callable[[Tensor], Sequence[Tensor]]


def unbroadcast(multiplier: Tensor, shape: Sequence[int]) -> Tensor:
    """Sums over the dimensions along which a value of this shape was repeated."""
    extra = multiplier.ndim - len(shape)
    if extra > 0:
        multiplier = multiplier.sum(list(range(extra)))
    repeated = [d for d, size in enumerate(shape) if size == 1 and multiplier.shape[d] != 1]
    return multiplier.sum(repeated, keepdim=True) if repeated else multiplier


def matrix_adjoint(multiplier: Tensor, other: Tensor, shape: Sequence[int], operand: int) -> Tensor:
    """For a @ b with `other` fixed: what `multiplier` is worth on the operand of this number."""
    if min(len(shape), other.ndim) < 2:
        return vector_adjoint(multiplier, other, shape, operand)
    result = multiplier @ other.mT if operand == 0 else other.mT @ multiplier
    return unbroadcast(result, shape)


def vector_adjoint(multiplier: Tensor, other: Tensor, shape: Sequence[int], operand: int) -> Tensor:
    """The same where an operand is a vector, which a matrix product drops from its value's shape."""
    if operand == 0 and other.ndim == 1:
        return multiplier.unsqueeze(-1) * other
    if operand == 1 and len(shape) == 1:
        return unbroadcast((other * multiplier.unsqueeze(-1)).flatten(0, -2).sum(0), shape)
    if operand == 1:
        return unbroadcast(other.unsqueeze(-1) * multiplier.unsqueeze(-2), shape)
    return unbroadcast((multiplier.unsqueeze(-2) * other).sum(-1), shape)


def vjp(
    function: Callable[[Sequence[Tensor]], Tensor], points: Sequence[Tensor], multiplier: Tensor
) -> Sequence[Tensor]:
    """The multiplier times a function's own derivative at these arguments."""
    with torch.enable_grad():
        leaves = [point.detach().requires_grad_() for point in points]
        gradients = torch.autograd.grad(function(leaves), leaves, multiplier, allow_unused=True)
    return [torch.zeros_like(p) if g is None else g for p, g in zip(points, gradients, strict=True)]


def step_adjoint(context: StepContext, shapes: Sequence[Sequence[int]]) -> Back:
    """The transpose of a linear step on arguments of these shapes.

    Written out for the common ops; for the rest the derivative of a linear function, taken at 0.
    """
    known = ADJOINTS.get(context.step.op)
    if known is not None and len(shapes) == 1:
        args, kwargs = context.arguments([None])
        names = dict(zip(argument_names(context.step.op), args[1:], strict=False)) | kwargs
        return lambda multiplier: [known(multiplier, shapes[0], **names)]
    if context.step.op in AVERAGE_POOLS and (
        average := average_of(context.step.op, context.step.arguments, shapes[0])
    ):
        return lambda m: [average_adjoint(m, average, like_in_order(m, shapes[0]))]
    function = context.as_function()
    return lambda multiplier: vjp(function, [multiplier.new_zeros(shape) for shape in shapes], multiplier)


def like_in_order(tensor: Tensor, shape: Sequence[int]) -> Tensor:
    """Memory for a shape of as many dimensions, in the tensor's order, of any content."""
    strides = dense_strides(shape, from_outermost([tensor.stride()]))
    return torch.empty_strided(list(shape), strides, dtype=tensor.dtype, device=tensor.device)


@cache
def argument_names(op: str) -> tuple[str, ...]:
    """The arguments after the first, in torch's order."""
    return tuple(parameter.name for parameter in parameters(op)[1:])


def reshape_adjoint(multiplier: Tensor, shape: Sequence[int], /, **_: Any) -> Tensor:
    return multiplier.reshape(shape)


def permute_adjoint(multiplier: Tensor, shape: Sequence[int], /, dims: Sequence[int]) -> Tensor:
    order = [d % len(shape) for d in dims]
    return multiplier.permute([order.index(d) for d in range(len(shape))])


def transpose_adjoint(multiplier: Tensor, shape: Sequence[int], /, dim0: int, dim1: int) -> Tensor:
    return multiplier.transpose(dim0, dim1)


def expand_adjoint(multiplier: Tensor, shape: Sequence[int], /, **_: Any) -> Tensor:
    return unbroadcast(multiplier, shape)


def slice_adjoint(
    multiplier: Tensor,
    shape: Sequence[int],
    /,
    dim: int = 0,
    start: int | None = None,
    end: int | None = None,
    step: int = 1,
) -> Tensor:
    result = multiplier.new_zeros(shape)
    index = [slice(None)] * len(shape)
    index[dim % len(shape)] = slice(start, end, step)
    result[tuple(index)] = multiplier
    return result


def select_adjoint(multiplier: Tensor, shape: Sequence[int], /, dim: int, index: int) -> Tensor:
    result = multiplier.new_zeros(shape)
    result.select(dim, index).copy_(multiplier)
    return result


def flip_adjoint(multiplier: Tensor, shape: Sequence[int], /, dims: Sequence[int]) -> Tensor:
    return multiplier.flip(list(dims))


def mean_adjoint(
    multiplier: Tensor,
    shape: Sequence[int],
    /,
    dim: Any = None,
    keepdim: bool = False,
    mean: bool = True,
    **_: Any,
) -> Tensor:
    """The transpose of a mean, or with `mean` off of a sum, over `dim`."""
    dims = range(len(shape)) if not dim and dim != 0 else [dim] if isinstance(dim, int) else dim
    dims = sorted(d % len(shape) for d in dims)
    for d in () if keepdim else dims:
        multiplier = multiplier.unsqueeze(d)
    count = torch.Size([shape[d] for d in dims]).numel() if mean else 1
    return (multiplier / count).expand(shape)


def sum_adjoint(multiplier: Tensor, shape: Sequence[int], /, **geometry: Any) -> Tensor:
    return mean_adjoint(multiplier, shape, mean=False, **geometry)


ADJOINTS: dict[str, Callable[..., Tensor]] = {
    **dict.fromkeys(RESHAPES | SQUEEZES | {SQUEEZE, UNSQUEEZE}, reshape_adjoint),
    PERMUTE: permute_adjoint,
    TRANSPOSE: transpose_adjoint,
    EXPAND: expand_adjoint,
    SLICE: slice_adjoint,
    SELECT: select_adjoint,
    FLIP: flip_adjoint,
    MEAN: mean_adjoint,
    SUM: sum_adjoint,
}
