"""What the value of each op looks like, from its arguments: what torch says only once it has the memory."""

import math
from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import Any

import numpy as np
import torch
from torch import Tensor

from seqattr.engine.numerics.convolution import geometry_of
from seqattr.engine.ops.elementwise import ELEMENTWISE
from seqattr.engine.ops.kinds import (
    CHOICES,
    COMPARISONS,
    CONSTANTS,
    CONVOLUTIONS,
    MATRIX_PRODUCTS,
    ORDERS,
    PRODUCTS,
    QUOTIENTS,
    SUMS,
)
from seqattr.engine.ops.makers import LIKES
from seqattr.engine.ops.recurrent import RECURRENT, check_shapes

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


def given(_: Any, size: Shape, *__: Any, **___: Any) -> Shape:
    return size


# --- sums and products -------------------------------------------------------------------------


def convolved(op: str) -> ShapeOf:
    def shape(value: Tensor, weight: Tensor, bias: Tensor | None = None, *rest: Any) -> Shape:
        dims = weight.ndim - 2
        geometry = geometry_of(op, rest, dims)
        inputs, outputs = weight.shape[1] * geometry.groups, weight.shape[0]
        if geometry.transposed:
            inputs, outputs = weight.shape[0], weight.shape[1] * geometry.groups
        fits = value.ndim == weight.ndim and value.shape[1] == inputs and geometry.groups >= 1
        if not fits or (bias is not None and tuple(bias.shape) != (outputs,)):
            raise ValueError(f"weights of the shape {tuple(weight.shape)} on {tuple(value.shape)}")
        sizes = zip(value.shape[2:], weight.shape[2:], *geometry[:3], geometry.output_padding, strict=True)
        along = [one_convolved(geometry.transposed, *each) for each in sizes]
        return (value.shape[0], outputs, *along)

    return shape


def one_convolved(
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


def multiplied(left: Tensor, right: Tensor) -> Shape:
    """A matrix product in any number of dimensions."""
    inner = right.shape[-2] if right.ndim > 1 else right.shape[0]
    if left.shape[-1] != inner:
        raise ValueError(f"a matrix of the shape {tuple(left.shape)} times {tuple(right.shape)}")
    rows = left.shape[-2:-1]
    columns = right.shape[-1:] if right.ndim > 1 else ()
    return (*together([left.shape[:-2], right.shape[:-2]]), *rows, *columns)


def reduced(value: Tensor, dims: Any = None, keepdim: bool = False, **_: Any) -> Shape:
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


def pooled(dims: int, average: bool) -> ShapeOf:
    def shape(value: Tensor, kernel: Any, stride: Any = (), padding: Any = 0, *rest: Any) -> Shape:
        dilation, ceil = (1, *rest, False)[:2] if average else (*rest, *(1, False)[len(rest) :])
        settings = [spread(x, dims) for x in (kernel, stride or kernel, padding, dilation)]
        each = zip(value.shape[-dims:], *settings, strict=True)
        return (*value.shape[:-dims], *(one_pooled(bool(ceil), *window) for window in each))

    return shape


def spread(setting: Any, dims: int) -> Sequence[int]:
    """One number for each dimension, as torch reads it."""
    if isinstance(setting, int):
        return [setting] * dims
    return list(setting) * (dims if len(setting) == 1 else 1)


def one_pooled(ceil: bool, size: int, taps: int, stride: int, padding: int, dilation: int) -> int:
    """A pool's size along one dimension."""
    if min(taps, stride, dilation) < 1 or not 0 <= padding <= taps // 2:
        raise ValueError(f"a window of {taps}, stride {stride}, padding {padding}, dilation {dilation}")
    room = size + 2 * padding - dilation * (taps - 1) - 1
    number = (-(-room // stride) if ceil else room // stride) + 1
    if ceil and (number - 1) * stride >= size + padding:  # a window that would begin behind the end
        number -= 1
    return positive(number)


def adaptive(dims: int) -> ShapeOf:
    return lambda value, size, *_: (*value.shape[:-dims], *spread(size, dims))


def upsampled(value: Tensor, size: Any, *rest: Any, **_: Any) -> Shape:
    if size is None:
        scales = next(r for r in rest if isinstance(r, list | tuple))
        size = [math.floor(n * scale) for n, scale in zip(value.shape[2:], scales, strict=True)]
    return (*value.shape[:2], *(positive(n) for n in size))


def columns(value: Tensor, kernel: Any, dilation: Any, padding: Any, stride: Any) -> Shape:
    sizes = [spread(x, 2) for x in (kernel, stride, padding, dilation)]
    each = zip(value.shape[-2:], *sizes, strict=True)
    places = [one_convolved(False, *window) for window in each]
    return (*value.shape[:-3], value.shape[-3] * math.prod(sizes[0]), math.prod(places))


# --- elements moved ----------------------------------------------------------------------------


def joined(values: Sequence[Tensor], dim: int = 0) -> Shape:
    first, place = values[0], along(values[0], dim)
    others = {(*v.shape[:place], *v.shape[place + 1 :]) for v in values}
    if len(others) > 1 or len({v.ndim for v in values}) > 1:
        raise ValueError(f"shapes {[tuple(v.shape) for v in values[:4]]} joined along {dim}")
    total = sum(v.shape[place] for v in values)
    return (*first.shape[:place], total, *first.shape[place + 1 :])


def side_by_side(values: Sequence[Tensor]) -> Shape:
    return joined(values, 1 if values[0].ndim > 1 else 0)


def stacked(values: Sequence[Tensor], dim: int = 0) -> Shape:
    if len({v.shape for v in values}) > 1:
        raise ValueError(f"shapes {[tuple(v.shape) for v in values[:4]]} stacked")
    shape = list(values[0].shape)
    shape.insert(range(len(shape) + 1)[dim], len(values))
    return shape


def padded(value: Tensor, sides: Sequence[int], *_: Any) -> Shape:
    """From the last dimension backwards, before and after."""
    both = [before + after for before, after in zip(sides[::2], sides[1::2], strict=True)]
    if len(both) > value.ndim:
        raise ValueError(f"{len(both)} dimensions padded of {value.ndim}")
    backwards = zip_longest(reversed(value.shape), both, fillvalue=0)
    return [positive(size + more) for size, more in backwards][::-1]


def repeated(value: Tensor, times: Sequence[int]) -> Shape:
    backwards = zip_longest(reversed(value.shape), reversed(times), fillvalue=1)
    return [size * number for size, number in backwards][::-1]


def interleaved(value: Tensor, times: int, dim: int | None = None, **_: Any) -> Shape:
    if dim is None:
        return (value.numel() * times,)
    place = along(value, dim)
    return [size * times if d == place else size for d, size in enumerate(value.shape)]


def indexed(value: Tensor, indices: Sequence[Tensor | None]) -> Shape:
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


def selected(value: Tensor, dim: int, index: Tensor) -> Shape:
    place = along(value, dim)
    return (*value.shape[:place], index.numel(), *value.shape[place + 1 :])


def gathered(_: Tensor, __: int, index: Tensor, **___: Any) -> Shape:
    return index.shape


def looked_up(weight: Tensor, index: Tensor, *_: Any) -> Shape:
    return (*index.shape, *weight.shape[1:])


def shuffled(grow: int) -> ShapeOf:
    def shape(value: Tensor, factor: int) -> Shape:
        channels, height, width = value.shape[-3:]
        if factor < 1:
            raise ValueError(f"a factor of {factor}")
        if grow > 0:
            return (*value.shape[:-3], channels // factor**2, height * factor, width * factor)
        return (*value.shape[:-3], channels * factor**2, height // factor, width // factor)

    return shape


def masked(value: Tensor, mask: Tensor, *_: Any) -> Shape:
    return broadcast(value, mask)


# --- out of nothing ----------------------------------------------------------------------------


def counted(*arguments: Any, **_: Any) -> Shape:
    """arange(end), (start, end) or (start, end, step)."""
    start, end, step = (0, *arguments, 1) if len(arguments) == 1 else (*arguments, 1)[:3]
    return (max(0, math.ceil((end - start) / step)),)


def sized(size: Shape, *_: Any, **__: Any) -> Shape:
    return size


def square(size: int, *_: Any, **__: Any) -> Shape:
    return (size, size)


def stepped(_: Any, __: Any, steps: int, **___: Any) -> Shape:
    return (steps,)


NEW = {f"aten.new_{what}.default" for what in ("zeros", "ones", "full")}
REDUCED = {
    "aten.mean.dim",
    "aten.sum.dim_IntList",
    "aten.logsumexp.default",
    "aten.max.dim",
    "aten.amax.default",
}
PADDED = {"aten.pad.default", "aten.constant_pad_nd.default"} | {
    f"aten.{kind}_pad1d.default" for kind in ("reflection", "replication")
}
UNCHANGED = {
    f"aten.{name}.default"
    for name in ("slice_scatter", "flip", "roll", "triu", "tril", "cumsum", "select_scatter", "_to_copy")
} | {
    "aten.slice_scatter.default",
    "aten.select_scatter.default",
    "aten.to.dtype",
    "aten.channel_shuffle.default",
}
BROADCAST = SUMS | PRODUCTS | QUOTIENTS | COMPARISONS | set(CHOICES) | CONSTANTS - {"aten.embedding.default"}

WRITTEN = {f"aten.{name}" for name in ("index_put.default", "scatter.src", "scatter.value")} | {
    "aten.scatter_add.default",
    "aten.scatter_reduce.two",
}

SHAPES_OF: dict[str, ShapeOf] = {
    **dict.fromkeys(set(ELEMENTWISE) | (LIKES - NEW) | UNCHANGED | ORDERS | WRITTEN, same),
    **dict.fromkeys(BROADCAST, broadcast),
    **{op: convolved(op) for op in CONVOLUTIONS},
    **{op: through_time(op) for op in RECURRENT},
    **dict.fromkeys(MATRIX_PRODUCTS, multiplied),
    "aten.linear.default": dense,
    **dict.fromkeys(REDUCED, reduced),
    **dict.fromkeys(("aten.mean.default", "aten.sum.default", "aten.scalar_tensor.default"), scalar),
    **{
        f"aten.{kind}_pool{d}d{more}.default": pooled(d, kind == "avg")
        for d in (1, 2, 3)
        for kind, more in (("max", ""), ("max", "_with_indices"), ("avg", ""))
    },
    **{f"aten.adaptive_{kind}_pool{d}d.default": adaptive(d) for d in (1, 2, 3) for kind in ("max", "avg")},
    "aten._adaptive_avg_pool2d.default": adaptive(2),
    **{
        f"aten.upsample_{name}.{kind}": upsampled
        for name in ("nearest1d", "nearest2d", "linear1d", "bilinear2d")
        for kind in ("vec", "default")
    },
    "aten.im2col.default": columns,
    **dict.fromkeys(("aten.cat.default", "aten.concat.default", "aten.concatenate.default"), joined),
    "aten.hstack.default": side_by_side,
    "aten.stack.default": stacked,
    **dict.fromkeys(PADDED, padded),
    "aten.repeat.default": repeated,
    "aten.tile.default": repeated,
    "aten.repeat_interleave.self_int": interleaved,
    "aten.index.Tensor": indexed,
    "aten._unsafe_index.Tensor": indexed,
    "aten.index_select.default": selected,
    "aten.gather.default": gathered,
    "aten.embedding.default": looked_up,
    "aten.pixel_shuffle.default": shuffled(1),
    "aten.pixel_unshuffle.default": shuffled(-1),
    "aten.masked_fill.Scalar": masked,
    "aten.masked_fill.Tensor": masked,
    **dict.fromkeys(NEW, given),
    **dict.fromkeys(("aten.zeros.default", "aten.ones.default", "aten.full.default"), sized),
    **{f"aten.arange.{kind}": counted for kind in ("default", "start", "start_step")},
    "aten.eye.default": square,
    "aten.linspace.default": stepped,
}
