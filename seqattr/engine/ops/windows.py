"""Ops that go over windows or along whole dimensions: pools, means, sums and maxima."""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
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
