"""Ops that go over windows or along whole dimensions: pools, means, sums and maxima."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from seqattr.engine.ops.arguments import Arguments
from seqattr.engine.ops.names import AMAX, MAX_ALONG

aten = torch.ops.aten


def not_maximal(*_: Any) -> Any:
    raise TypeError("an average is at no place")


class PoolOp(NamedTuple):
    """Which pool an op is; `with_places` gives the maxima and where they are."""

    dims: int
    maximal: bool
    adaptive: bool = False
    with_places: Callable[..., Any] = not_maximal


WITH_PLACES = {1: functional.max_pool1d_with_indices, 2: functional.max_pool2d_with_indices}
WITH_PLACES |= {3: functional.max_pool3d_with_indices}
ADAPTIVE = {
    1: aten.adaptive_max_pool1d.default,
    2: aten.adaptive_max_pool2d.default,
    3: aten.adaptive_max_pool3d.default,
}
POOLS: dict[str, PoolOp] = {
    **{f"aten.max_pool{d}d.default": PoolOp(d, True, False, WITH_PLACES[d]) for d in (1, 2, 3)},
    **{f"aten.max_pool{d}d_with_indices.default": PoolOp(d, True, False, WITH_PLACES[d]) for d in (1, 2, 3)},
    **{f"aten.adaptive_max_pool{d}d.default": PoolOp(d, True, True, ADAPTIVE[d]) for d in (1, 2, 3)},
    **{f"aten.avg_pool{d}d.default": PoolOp(d, False) for d in (1, 2, 3)},
    **{f"aten.adaptive_avg_pool{d}d.default": PoolOp(d, False, True) for d in (1, 2, 3)},
    "aten._adaptive_avg_pool2d.default": PoolOp(2, False, True),
}
MAXIMA = {op for op, pool in POOLS.items() if pool.maximal} | {MAX_ALONG, AMAX}
AVERAGE_POOLS = {op for op, pool in POOLS.items() if not pool.maximal}
# Averages over a given number of positions.
ADAPTIVE_AVERAGES = {f"aten.adaptive_avg_pool{dims}d.default" for dims in (1, 2, 3)}


UPSAMPLINGS = frozenset(
    f"aten.upsample_{name}"
    for name in (
        *("nearest1d.vec", "nearest2d.vec", "linear1d.vec", "bilinear2d.vec"),
        *("nearest1d.default", "linear1d.default"),
    )
)


class Pool(NamedTuple):
    """The geometry of a pool that is not adaptive, one number for each dimension that it goes over."""

    size: list[int]
    stride: list[int]
    padding: list[int]
    dilation: list[int]
    ceil: bool


def pool_of(op: str, arguments: Arguments) -> Pool:
    """A pool's geometry; without a stride its windows lie side by side."""
    a = arguments
    dilation = a.dilation if POOLS[op].maximal else [1] * len(a.kernel_size)
    return Pool(a.kernel_size, a.stride or a.kernel_size, a.padding, dilation, bool(a.ceil_mode))


# --- the transpose of averages -----------------------------------------------------------------------

AVERAGE_BACK = {2: aten.avg_pool2d_backward.default, 3: aten.avg_pool3d_backward.default}


class Average(NamedTuple):
    """The windows of an average pool, and what their sums are divided by."""

    pool: Pool
    padding_counts: bool = True
    divisor: int | None = None


def average_of(op: str, arguments: Arguments, shape: Sequence[int]) -> Average | None:
    """Of an average pool over a value of this shape; None where its windows are of several sizes."""
    if not POOLS[op].adaptive:
        divisor = getattr(arguments, "divisor_override", None)
        return Average(pool_of(op, arguments), bool(arguments.count_include_pad), divisor)
    pairs = list(zip(shape[-POOLS[op].dims :], arguments.output_size, strict=True))
    if any(windows == 0 or size % windows for size, windows in pairs):
        return None
    size = [size // windows for size, windows in pairs]
    return Average(Pool(size, size, [0] * len(size), [1] * len(size), False))


def average_adjoint(multiplier: Tensor, average: Average, elements: Tensor) -> Tensor:
    """What elements get for a multiplier of averages; of `elements` only shape and order in memory matter."""
    size, stride, padding, _, ceil = average.pool
    rest = (ceil, average.padding_counts, average.divisor)
    if len(size) > 1:
        back: Tensor = AVERAGE_BACK[len(size)](multiplier, elements, size, stride, padding, *rest)
        return back
    values = (multiplier.unsqueeze(-2), elements.unsqueeze(-2))
    return AVERAGE_BACK[2](*values, [1, *size], [1, *stride], [0, *padding], *rest).squeeze(-2)
