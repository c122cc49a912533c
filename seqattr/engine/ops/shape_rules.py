"""What the value of an op looks like, from its arguments: what torch says only once it has the memory.

Each rule takes the op's arguments as torch does, and raises ValueError, TypeError or IndexError where they do
not fit.
"""

import math
from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import Any

import numpy as np
import torch
from torch import Tensor

from seqattr.engine.ops.arguments import bind
from seqattr.engine.ops.recurrent import RECURRENT, check_shapes
from seqattr.engine.ops.weights import geometry_of
from seqattr.engine.ops.windows import POOLS, pool_of

Shape = Sequence[int]
ShapeOf = Callable[..., Shape]


def same(value: Tensor, *_: Any, **__: Any) -> Shape:
    return value.shape


def broadcast(*arguments: Any, **_: Any) -> Shape:
    """Of all tensors among the arguments, which are tensors and numbers."""
    if any(isinstance(a, list | tuple | str) for a in arguments):
        raise TypeError("a list or a text where a tensor or a number belongs")
    return together([a.shape for a in arguments if isinstance(a, Tensor)])


def together(shapes: Sequence[Shape]) -> Shape:
    """As `torch.broadcast_shapes`, which loads a second's worth of modules."""
    return shapes[0] if all(s == shapes[0] for s in shapes) else np.broadcast_shapes(*shapes)


def of_size(_: Any, size: Shape, *__: Any, **___: Any) -> Shape:
    return size


# --- sums and products -------------------------------------------------------------------------


def convolution(op: str) -> ShapeOf:
    def shape(*args: Any, **kwargs: Any) -> Shape:
        a = bind(op, args, kwargs)
        value, weight, geometry = a.input, a.weight, geometry_of(op, a)
        inputs, outputs = weight.shape[1] * geometry.groups, weight.shape[0]
        if geometry.transposed:
            inputs, outputs = weight.shape[0], weight.shape[1] * geometry.groups
        fits = value.ndim == weight.ndim and value.shape[1] == inputs and geometry.groups >= 1
        if not fits or (a.bias is not None and tuple(a.bias.shape) != (outputs,)):
            raise ValueError(f"weights of the shape {tuple(weight.shape)} on {tuple(value.shape)}")
        sizes = zip(value.shape[2:], weight.shape[2:], *geometry[:3], geometry.output_padding, strict=True)
        along = [convolution_along(geometry.transposed, *numbers) for numbers in sizes]
        return (value.shape[0], outputs, *along)

    return shape


def convolution_along(
    transposed: bool, size: int, taps: int, stride: int, padding: int, dilation: int, more: int = 0
) -> int:
    """A convolution's size along one dimension."""
    reach = dilation * (taps - 1)
    if min(stride, dilation) < 1 or padding < 0:
        raise ValueError(f"stride {stride}, padding {padding}, dilation {dilation}")
    if transposed:
        return positive((size - 1) * stride - 2 * padding + reach + more + 1)
    return positive((size + 2 * padding - reach - 1) // stride + 1)


def positive(size: int) -> int:
    """The size. Raises ValueError where there is nothing left."""
    if size < 1:
        raise ValueError("a window is longer than what it goes over")
    return size


def dense(value: Tensor, weight: Tensor, bias: Tensor | None = None) -> Shape:
    if value.shape[-1] != weight.shape[-1] or (bias is not None and bias.shape != weight.shape[:-1]):
        raise ValueError(f"weights of the shape {tuple(weight.shape)} on {tuple(value.shape)}")
    return (*value.shape[:-1], *weight.shape[:-1])


def matrix_product(left: Tensor, right: Tensor) -> Shape:
    """A matrix product in any number of dimensions."""
    inner = right.shape[-2] if right.ndim > 1 else right.shape[0]
    if left.shape[-1] != inner:
        raise ValueError(f"a matrix of the shape {tuple(left.shape)} times {tuple(right.shape)}")
    rows = left.shape[-2:-1]
    columns = right.shape[-1:] if right.ndim > 1 else ()
    return (*together([left.shape[:-2], right.shape[:-2]]), *rows, *columns)


def reduction(value: Tensor, dims: Any = None, keepdim: bool = False, **_: Any) -> Shape:
    """Of a mean, a sum or a maximum along dimensions."""
    if isinstance(dims, int):
        dims = [dims]
    gone = {along(value, dim) for dim in dims or range(value.ndim)}
    sizes = ((d, size) for d, size in enumerate(value.shape) if keepdim or d not in gone)
    return [1 if d in gone else size for d, size in sizes]


def along(value: Tensor, dim: int) -> int:
    """The number of a dimension, counted from the first. Raises IndexError."""
    return range(value.ndim)[dim]


def scalar(*_: Any, **__: Any) -> Shape:
    return ()


def through_time(op: str) -> ShapeOf:
    """Of a recurrent layer's states after each time step."""

    def shape(given: Tensor, weight: Tensor, bias: Tensor | None, *states: Tensor) -> Shape:
        check_shapes(RECURRENT[op], given, weight, bias, *states)
        return (*given.shape[:2], len(states) * weight.shape[1])

    return shape


# --- windows -----------------------------------------------------------------------------------


def pool(op: str) -> ShapeOf:
    """Of a pool, adaptive or not."""
    dims, adaptive = POOLS[op].dims, POOLS[op].adaptive

    def shape(*args: Any, **kwargs: Any) -> Shape:
        a = bind(op, args, kwargs)
        before, along = a.self.shape[:-dims], a.self.shape[-dims:]
        if adaptive:
            return (*before, *a.output_size)
        *windows, ceil = pool_of(op, a)
        return (*before, *(pool_along(ceil, *numbers) for numbers in zip(along, *windows, strict=True)))

    return shape


def pool_along(ceil: bool, size: int, taps: int, stride: int, padding: int, dilation: int) -> int:
    """A pool's size along one dimension."""
    if min(taps, stride, dilation) < 1 or not 0 <= padding <= taps // 2:
        raise ValueError(f"a window of {taps}, stride {stride}, padding {padding}, dilation {dilation}")
    room = size + 2 * padding - dilation * (taps - 1) - 1
    number = (-(-room // stride) if ceil else room // stride) + 1
    if ceil and (number - 1) * stride >= size + padding:  # a window that would begin behind the end
        number -= 1
    return positive(number)


def upsampling(op: str) -> ShapeOf:
    def shape(value: Tensor, *args: Any, **kwargs: Any) -> Shape:
        a = bind(op, (value, *args), kwargs)
        size = a.output_size
        if size is None:
            size = [math.floor(n * s) for n, s in zip(value.shape[2:], a.scale_factors, strict=True)]
        return (*value.shape[:2], *(positive(n) for n in size))

    return shape


def columns(*args: Any) -> Shape:
    """Of im2col: one column for each place of a window."""
    a = bind("aten.im2col.default", args)
    value, geometry = a.self, (a.kernel_size, a.stride, a.padding, a.dilation)
    places = [convolution_along(False, *numbers) for numbers in zip(value.shape[-2:], *geometry, strict=True)]
    return (*value.shape[:-3], value.shape[-3] * math.prod(a.kernel_size), math.prod(places))


# --- elements moved ----------------------------------------------------------------------------


def concatenation(values: Sequence[Tensor], dim: int = 0) -> Shape:
    first, dimension = values[0], along(values[0], dim)
    others = {(*v.shape[:dimension], *v.shape[dimension + 1 :]) for v in values}
    if len(others) > 1 or len({v.ndim for v in values}) > 1:
        raise ValueError(f"shapes {[tuple(v.shape) for v in values[:4]]} joined along {dim}")
    total = sum(v.shape[dimension] for v in values)
    return (*first.shape[:dimension], total, *first.shape[dimension + 1 :])


def side_by_side(values: Sequence[Tensor]) -> Shape:
    return concatenation(values, 1 if values[0].ndim > 1 else 0)


def stack(values: Sequence[Tensor], dim: int = 0) -> Shape:
    if len({v.shape for v in values}) > 1:
        raise ValueError(f"shapes {[tuple(v.shape) for v in values[:4]]} stacked")
    shape = list(values[0].shape)
    shape.insert(range(len(shape) + 1)[dim], len(values))
    return shape


def padding(value: Tensor, sides: Sequence[int], *_: Any) -> Shape:
    """From the last dimension backwards, before and after."""
    both = [before + after for before, after in zip(sides[::2], sides[1::2], strict=True)]
    if len(both) > value.ndim:
        raise ValueError(f"{len(both)} dimensions padded of {value.ndim}")
    backwards = zip_longest(reversed(value.shape), both, fillvalue=0)
    return [positive(size + more) for size, more in backwards][::-1]


def repetition(value: Tensor, times: Sequence[int]) -> Shape:
    backwards = zip_longest(reversed(value.shape), reversed(times), fillvalue=1)
    return [size * number for size, number in backwards][::-1]


def interleaving(value: Tensor, times: int, dim: int | None = None, **_: Any) -> Shape:
    if dim is None:
        return (value.numel() * times,)
    dimension = along(value, dim)
    return [size * times if d == dimension else size for d, size in enumerate(value.shape)]


def indexing(value: Tensor, indices: Sequence[Tensor | None]) -> Shape:
    """By integers, or by masks in their place, which depend on no base."""
    sizes: list[Shape] = []  # of the dimensions, those taken by an index as None until all are known
    taken: list[Shape] = []
    places, dim = [], 0
    for index in indices:
        if index is None:
            sizes.append((value.shape[dim],))
            dim += 1
            continue
        mask = index.dtype in (torch.bool, torch.uint8)
        taken.append((int(index.count_nonzero()),) if mask else index.shape)
        places.append(len(sizes))
        sizes.append(())
        dim += index.ndim if mask else 1
    chosen = together(taken)
    front = places[-1] - places[0] >= len(places)  # apart from each other: what they take comes first
    sizes[0 if front else places[0]] = (*chosen, *sizes[0]) if front else chosen
    return (*(n for size in sizes for n in size), *value.shape[dim:])


def selection(value: Tensor, dim: int, index: Tensor) -> Shape:
    dimension = along(value, dim)
    return (*value.shape[:dimension], index.numel(), *value.shape[dimension + 1 :])


def of_index(_: Tensor, __: int, index: Tensor, **___: Any) -> Shape:
    return index.shape


def looked_up(weight: Tensor, index: Tensor, *_: Any) -> Shape:
    return (*index.shape, *weight.shape[1:])


def pixel_shuffle(value: Tensor, factor: int) -> Shape:
    channels, height, width = value.shape[-3:]
    return (*value.shape[:-3], channels // at_least_1(factor) ** 2, height * factor, width * factor)


def pixel_unshuffle(value: Tensor, factor: int) -> Shape:
    channels, height, width = value.shape[-3:]
    return (*value.shape[:-3], channels * at_least_1(factor) ** 2, height // factor, width // factor)


def at_least_1(factor: int) -> int:
    if factor < 1:
        raise ValueError(f"a factor of {factor}")
    return factor


def masking(value: Tensor, mask: Tensor, *_: Any) -> Shape:
    return broadcast(value, mask)


# --- out of nothing ----------------------------------------------------------------------------


def count(op: str) -> ShapeOf:
    """Of arange, from 0 on and in steps of 1 where it is not told otherwise."""

    def shape(*args: Any, **kwargs: Any) -> Shape:
        a = bind(op, args, kwargs)
        return (max(0, math.ceil((a.end - getattr(a, "start", 0)) / getattr(a, "step", 1))),)

    return shape


def size(size: Shape, *_: Any, **__: Any) -> Shape:
    return size


def square(size: int, *_: Any, **__: Any) -> Shape:
    return (size, size)


def number_of_steps(_: Any, __: Any, steps: int, **___: Any) -> Shape:
    return (steps,)
