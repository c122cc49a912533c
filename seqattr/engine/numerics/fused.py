"""Loops that torch has no single op for, compiled by numba, and for a GPU by Triton: each goes over its
values once.

Without these, or on a device or for a type that they do not serve, the callers' plain torch expressions do
the same.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, lru_cache, wraps
from itertools import pairwise
from typing import Any, NamedTuple, ParamSpec, TypeVar

import numpy as np
import torch
from torch import Tensor

from seqattr.engine.numerics import base_kernels, kernels
from seqattr.engine.numerics.gpu.available import attempted, serves
from seqattr.engine.numerics.workspace import POOL, like
from seqattr.support.compiled import AVAILABLE

TYPES = (torch.float32, torch.float64)
LEAST_ELEMENTS = 256  # of a row; below that the way there costs more than the loop


# --- threads -----------------------------------------------------------------------------------


@cache
def pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="seqattr")


def in_threads(function: Callable[..., None], rows: int, *arrays: Any) -> None:
    """function(first, last, *arrays) for all rows, shared out to as many threads as torch has."""
    threads = min(torch.get_num_threads(), rows)
    if threads <= 1:
        function(0, rows, *arrays)
        return
    edges = [rows * i // threads for i in range(threads + 1)]
    work = [pool(threads).submit(function, a, b, *arrays) for a, b in pairwise(edges)]
    for part in work:
        part.result()


# --- elementwise -------------------------------------------------------------------------------


class Lines(NamedTuple):
    """How tensors that broadcast together lie in memory: what all hold in the same order, without a gap, is
    a line.
    """

    shape: Sequence[int]  # of the result
    strides: Sequence[int]
    number: int
    length: int  # in elements
    extents: Sequence[int]  # of each tensor, from its first to its last element
    starts: tuple[np.ndarray, ...]  # for each tensor, where in memory each line begins: (number)


@lru_cache(1024)
def lines_of(*layouts: tuple[torch.Size, tuple[int, ...]]) -> Lines | None:
    """Of tensors by their shapes and strides; None where no line is worth its while."""
    shapes, strides = zip(*layouts, strict=True)
    if len({len(shape) for shape in shapes}) > 1:
        return None
    shape = torch.Size(np.broadcast_shapes(*shapes))  # torch's own loads a second's worth of modules
    lead = lead_of(shapes, shape)
    inner, length = strides[0][lead:], shape[lead:].numel()
    if length < LEAST_ELEMENTS or not dense(shape[lead:], inner) or any(s[lead:] != inner for s in strides):
        return None
    return Lines(
        shape,
        (*contiguous_strides(shape[:lead], length), *inner),
        shape[:lead].numel(),
        length,
        [1 + sum((n - 1) * step for n, step in zip(*layout, strict=True)) for layout in layouts],
        tuple(starts(*layout, shape[:lead]) for layout in layouts),
    )


def lead_of(shapes: Sequence[Sequence[int]], shape: Sequence[int]) -> int:
    """How many dimensions there are up to the last along which a tensor is repeated."""
    return max((d + 1 for d, size in enumerate(shape) if any(s[d] != size for s in shapes)), default=0)


def dense(shape: Sequence[int], strides: Sequence[int]) -> bool:
    """Whether elements fill their memory without a gap, in whatever order of dimensions."""
    expected = 1
    for stride, size in sorted(zip(strides, shape, strict=True)):
        if size > 1 and stride != expected:
            return False
        expected *= size
    return True


def starts(shape: Sequence[int], strides: Sequence[int], lead: Sequence[int]) -> np.ndarray:
    """Where in memory each line begins, of a tensor repeated to the leading dimensions `lead`."""
    offsets = np.zeros(1, np.int64)
    for size, extent, stride in zip(lead, shape, strides, strict=False):
        offsets = np.add.outer(offsets, np.arange(size) * (stride if extent == size else 0)).ravel()
    return offsets


def contiguous_strides(shape: Sequence[int], last: int) -> list[int]:
    strides: list[int] = []
    for size in reversed(shape):
        strides.insert(0, last)
        last *= size
    return strides


def elementwise(
    kernel: Callable[..., None], inputs: Sequence[Tensor], outputs: int, *more: int
) -> list[Tensor] | None:
    """New tensors that a kernel fills from others that broadcast together; None if it cannot."""
    dtype = inputs[0].dtype
    if not AVAILABLE or dtype not in TYPES or any(t.dtype != dtype or not t.is_cpu for t in inputs):
        return None
    lines = lines_of(*((t.shape, t.stride()) for t in inputs))
    if lines is None:
        return None
    made = POOL.take(outputs * lines.number * lines.length, dtype).view(outputs, lines.number, lines.length)
    flat = tuple(t.as_strided((n,), (1,)).numpy() for t, n in zip(inputs, lines.extents, strict=True))
    in_threads(kernel, lines.number, made.numpy(), flat, lines.starts, *more)
    return [part.as_strided(lines.shape, lines.strides) for part in made]


def on_gpu(name: str, tensors: Sequence[Tensor]) -> list[Tensor] | None:
    """New tensors by the kernel of this name for a GPU, whatever their size: one launch takes no longer than
    the expression's several. None where there is none.
    """
    dtype, device = tensors[0].dtype, tensors[0].device
    if not serves(tensors[0], TYPES) or any(t.dtype != dtype or t.device != device for t in tensors):
        return None
    from seqattr.engine.numerics.gpu.elementwise import evaluated  # loads Triton

    return attempted(evaluated, name, tensors)


def one_hot(codes: Tensor, dtype: torch.dtype) -> Tensor:
    """The columns (..., 4, L) of codes (..., L), made where these are; of a code above 3 it is empty."""
    if not (AVAILABLE and codes.is_cpu and dtype in TYPES):
        bases = torch.arange(4, dtype=torch.uint8, device=codes.device)[:, None]
        return (codes[..., None, :] == bases).to(dtype)
    lead, length = codes.shape[:-1], codes.shape[-1]
    columns = POOL.take(4 * codes.numel(), dtype).view(-1, 4, length)
    in_threads(base_kernels.one_hot, len(columns), columns.numpy(), codes.reshape(-1, length).numpy())
    return columns.view(*lead, 4, length)


# --- one pass over its arguments, which broadcast together ---------------------------------------

P = ParamSpec("P")
Made = TypeVar("Made")


def one_pass(
    kernel: Callable[..., None], outputs: int = 1
) -> Callable[[Callable[P, Made]], Callable[P, Made]]:
    """The kernel in the place of a torch expression, where it serves; on a GPU that of the same name."""

    def decorate(expression: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(expression)
        def run(*tensors: Tensor) -> Any:
            made = on_gpu(expression.__name__, tensors) or elementwise(kernel, tensors, outputs)
            if made:
                return made if outputs > 1 else made[0]
            return expression(*tensors)

        return run

    return decorate


def secant(a: Tensor, b: Tensor) -> Tensor:
    gap = a - b
    return torch.where(gap == 0, (b > 0).to(a.dtype), (torch.relu(a) - torch.relu(b)) / gap)


@one_pass(kernels.relu_secant)
def relu_secant(a: Tensor, b: Tensor) -> Tensor:
    """The slope of relu between a and b; where they are equal, its derivative."""
    return secant(a, b)


@one_pass(kernels.relu_in_both_orders, 2)
def relu_in_both_orders(end: Tensor, start: Tensor, positive: Tensor, negative: Tensor) -> Sequence[Tensor]:
    """The slopes of relu for the positive and the negative part, whichever of them comes first."""
    up, down = start + positive, start + negative
    return (
        (secant(up, start) + secant(end, down)) / 2,
        (secant(down, start) + secant(end, up)) / 2,
    )


@one_pass(kernels.difference_and_size, 2)
def difference_and_size(a: Tensor, b: Tensor) -> Sequence[Tensor]:
    """a - b and its absolute value."""
    difference = a - b
    return difference, difference.abs()


@one_pass(kernels.parts_about, 2)
def parts_about(a: Tensor, b: Tensor, spread: Tensor) -> Sequence[Tensor]:
    """(a - b + spread) / 2 and (a - b - spread) / 2; rounding moves neither across 0."""
    change = a - b
    return ((change + spread) / 2).clamp(min=0), ((change - spread) / 2).clamp(max=0)


@one_pass(kernels.sides_added, 2)
def sides_added(a: Tensor, b: Tensor) -> Sequence[Tensor]:
    """The sum of what is positive in a and in b, and of what is negative."""
    return a.clamp(min=0) + b.clamp(min=0), a.clamp(max=0) + b.clamp(max=0)


@one_pass(kernels.sum_and_difference, 2)
def sum_and_difference(a: Tensor, b: Tensor) -> Sequence[Tensor]:
    """a + b and a - b."""
    return a + b, a - b


@one_pass(kernels.join_by_sign)
def join_by_sign(straight: Tensor, slant: Tensor, difference: Tensor) -> Tensor:
    """(straight + sign(difference) slant) / 2."""
    return (straight + difference.sign() * slant) / 2


@one_pass(kernels.chosen)
def chosen(positive: Tensor, negative: Tensor, difference: Tensor) -> Tensor:
    """`positive` where the difference is above 0, `negative` where it is below, their mean where it is 0."""
    mean = (positive + negative) / 2
    return torch.where(difference > 0, positive, torch.where(difference < 0, negative, mean))


def product(slope: Tensor, multiplier: Tensor) -> Tensor:
    """slope * multiplier, in the slope's order in memory."""
    if not dense(slope.shape, slope.stride()) or slope.shape != multiplier.shape:
        return slope * multiplier
    return torch.mul(slope, multiplier, out=like(slope))


def tiled_max_secant(a: Tensor, b: Tensor, size: int) -> Sequence[Tensor]:
    """What each element of (..., channels, 1s, L) contributes to the largest of its tile of `size`, over
    its difference; nothing unless channels lie last in memory.
    """
    channels = b.stride().index(1) if 1 in b.stride() else -1
    if channels < 0 or b.shape[channels:].numel() != b.shape[channels] * b.shape[-1]:
        return []
    pair = b.shape[channels] * b.shape[-1]
    if size < 1 or a.shape[channels:] != b.shape[channels:]:
        return []
    return elementwise(kernels.tiled_max_secant, (a, b), 1, b.shape[channels], pair, size) or []
