"""More ops written out in simple ones: order statistics, products and sums along a line, distances.

Every function has the signature of the ATen op it stands for, as in `lowering`, which has those that most
models use.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

aten = torch.ops.aten


# --- spread and size ---------------------------------------------------------------------------


def variance(
    x: Tensor, dim: Sequence[int] | None = None, *, correction: float | None = None, keepdim: bool = False
) -> Tensor:
    return variance_and_mean(x, dim, correction=correction, keepdim=keepdim)[0]


def variance_and_mean(
    x: Tensor, dim: Sequence[int] | None = None, *, correction: float | None = None, keepdim: bool = False
) -> tuple[Tensor, Tensor]:
    dims = list(dim) if dim else list(range(x.ndim))
    count = math.prod(x.shape[d] for d in dims)
    mean = x.mean(dims, keepdim=True)
    centred = x - mean
    squares = (centred * centred).sum(dims, keepdim=keepdim)
    spread = squares / (count - (1 if correction is None else correction))
    return spread, mean if keepdim else drop_dimensions(mean, dims)


def drop_dimensions(x: Tensor, dims: Sequence[int]) -> Tensor:
    """Without these dimensions, of size 1."""
    for d in sorted((d % x.ndim for d in dims), reverse=True):
        x = x.squeeze(d)
    return x


def deviation(x: Tensor, dim: Any = None, *, correction: Any = None, keepdim: bool = False) -> Tensor:
    return torch.sqrt(variance(x, dim, correction=correction, keepdim=keepdim))


def deviation_and_mean(
    x: Tensor, dim: Any = None, *, correction: Any = None, keepdim: bool = False
) -> tuple[Tensor, Tensor]:
    squares, mean = variance_and_mean(x, dim, correction=correction, keepdim=keepdim)
    return torch.sqrt(squares), mean


def vector_norm(
    x: Tensor, ord: float = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    dims = [dim] if isinstance(dim, int) else list(dim or range(x.ndim))
    if ord == 2:
        return torch.sqrt((x * x).sum(dims, keepdim=keepdim))
    if ord in (math.inf, -math.inf):
        return (x.abs().amax if ord > 0 else x.abs().amin)(dims, keepdim=keepdim)
    if ord == 0:
        return (x != 0).to(x.dtype).sum(dims, keepdim=keepdim)
    powers = x.abs() if ord == 1 else x.abs() ** ord
    total = powers.sum(dims, keepdim=keepdim)
    return total if ord == 1 else total ** (1 / ord)


def distances(a: Tensor, b: Tensor, p: float = 2.0, compute_mode: int | None = None) -> Tensor:
    return vector_norm(a.unsqueeze(-2) - b.unsqueeze(-3), p, [-1])


def hypotenuse(a: Tensor, b: Tensor) -> Tensor:
    return torch.sqrt(a * a + b * b)


# --- along a line ------------------------------------------------------------------------------


def product_along(x: Tensor, dim: int, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """Half of the factors times the other half, until one is left."""
    while (count := x.shape[dim]) > 1:
        half = count // 2
        pairs = x.narrow(dim, 0, half) * x.narrow(dim, half, half)
        x = pairs if count == 2 * half else torch.cat([pairs, x.narrow(dim, 2 * half, 1)], dim)
    return x if keepdim else x.squeeze(dim)


def running_product(x: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """Each times the one a step before it, steps doubling."""
    step = 1
    while (count := x.shape[dim]) > step:
        later = x.narrow(dim, step, count - step) * x.narrow(dim, 0, count - step)
        x, step = torch.cat([x.narrow(dim, 0, step), later], dim), 2 * step
    return x


def up_to_each(x: Tensor, dim: int) -> Tensor:
    """(..., n, n) with dimension `dim` moved last: for each place what lies before it or there, else -inf."""
    line = x.movedim(dim, -1).unsqueeze(-2)
    n = line.shape[-1]
    later = torch.ones(n, n, dtype=torch.bool, device=x.device).triu(1)
    return line.expand(*line.shape[:-2], n, n).masked_fill(later, -math.inf)


def running_logsumexp(x: Tensor, dim: int) -> Tensor:
    return torch.logsumexp(up_to_each(x, dim), -1).movedim(-1, dim)


def running_maximum(x: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    best, positions = up_to_each(x, dim).max(-1)
    return best.movedim(-1, dim), positions.movedim(-1, dim)


def running_minimum(x: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    best, positions = running_maximum(-x, dim)
    return -best, positions


# --- in order ----------------------------------------------------------------------------------


def extremes(x: Tensor, *, dim: int | None = None, keepdim: bool = False) -> tuple[Tensor, Tensor]:
    dims = list(range(x.ndim)) if dim is None else [dim]
    return x.amin(dims, keepdim=keepdim), x.amax(dims, keepdim=keepdim)


def largest_few(
    x: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True
) -> tuple[Tensor, Tensor]:
    if k == 1:  # one rule for all maxima
        return x.max(dim, keepdim=True) if largest else x.min(dim, keepdim=True)
    values, positions = torch.sort(x, dim, largest)
    return values.narrow(dim, 0, k), positions.narrow(dim, 0, k)


def smallest_but(x: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> tuple[Tensor, Tensor]:
    values, positions = torch.sort(x, dim)
    if keepdim:
        return values.narrow(dim, k - 1, 1), positions.narrow(dim, k - 1, 1)
    return values.select(dim, k - 1), positions.select(dim, k - 1)


def median_along(x: Tensor, dim: int, keepdim: bool = False) -> tuple[Tensor, Tensor]:
    """The lower of two in the middle."""
    return smallest_but(x, (x.shape[dim] + 1) // 2, dim, keepdim)


def quantile(
    x: Tensor, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Tensor:
    """With q a number, the dimension goes; with several, they are the first dimension."""
    if dim is None:
        return NotImplemented
    values = torch.sort(x, dim).values.movedim(dim, -1)
    q = q if isinstance(q, Tensor) else x.new_full((), q)
    ranks = (q * (values.shape[-1] - 1)).reshape(-1)
    low, high = ranks.floor(), ranks.ceil()
    shares = {"lower": low, "higher": high, "midpoint": (low + high) / 2, "nearest": ranks.round()}
    share = shares.get(interpolation, ranks) - low
    below, above = (values.index_select(-1, position.long()) for position in (low, high))
    values_at = (below + (above - below) * share).movedim(-1, 0)
    values_at = values_at.unsqueeze((dim % x.ndim) + 1) if keepdim else values_at
    return values_at.squeeze(0) if q.ndim == 0 else values_at


# --- two arguments -----------------------------------------------------------------------------


def log_add_exp(a: Tensor, b: Tensor) -> Tensor:
    return torch.logsumexp(torch.stack(torch.broadcast_tensors(a, b), -1), -1)


def log_add_exp2(a: Tensor, b: Tensor) -> Tensor:
    return log_add_exp(a * math.log(2), b * math.log(2)) / math.log(2)


def times_log(x: Any, y: Any) -> Tensor:
    """x log(y), 0 wherever x is."""
    if not isinstance(y, Tensor):
        return x * math.log(y)
    return x * torch.log(y.masked_fill(x == 0, 1.0) if isinstance(x, Tensor) else y)


def any_along(x: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
    return x.to(torch.float32).amax(() if dim is None else dim, keepdim=keepdim) != 0


def all_along(x: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
    return x.to(torch.float32).amin(() if dim is None else dim, keepdim=keepdim) != 0


def plus_quotient(x: Tensor, a: Tensor, b: Tensor, *, value: float = 1) -> Tensor:
    return x + (a / b if value == 1 else a / b * value)


def clamp_between(x: Tensor, min: Tensor | None = None, max: Tensor | None = None) -> Tensor:
    x = x if min is None else torch.maximum(x, min)
    return x if max is None else torch.minimum(x, max)


def fill(x: Tensor, value: Any) -> Tensor:
    return torch.full_like(x, value) if not isinstance(value, Tensor) else value.to(x.dtype).expand(x.shape)


def put(x: Tensor, indices: Sequence[Tensor | None], values: Tensor, accumulate: bool = False) -> Tensor:
    """A number where a mask holds, which may depend on the bases; other indices do not."""
    mask = indices[0] if len(indices) == 1 else None
    if mask is None or mask.dtype != torch.bool or values.numel() != 1 or accumulate:
        return NotImplemented
    return torch.where(mask.reshape(*mask.shape, *[1] * (x.ndim - mask.ndim)), values.reshape(()), x)


def as_strided(
    x: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None
) -> Tensor:
    """By the places that the strides come to; memory may lie in another order than the model's own."""
    if not x.is_contiguous() or x.storage_offset() != 0:
        return NotImplemented
    position = torch.full((), storage_offset or 0, device=x.device)
    for count, step in zip(size, stride, strict=True):
        position = position.unsqueeze(-1) + torch.arange(count, device=x.device) * step
    return x.reshape(-1)[position]


def logit(x: Tensor, eps: float | None = None) -> Tensor:
    x = x if eps is None else x.clamp(eps, 1 - eps)
    return torch.log(x) - torch.log(1 - x)


def round_decimals(x: Tensor, *, decimals: int = 0) -> Tensor:
    return torch.round(x * 10.0**decimals) / 10.0**decimals


def count_below(x: Tensor, boundaries: Tensor, *, out_int32: bool = False, right: bool = False) -> Tensor:
    """How many of the boundaries lie below x."""
    x = x.unsqueeze(-1)
    return (x >= boundaries if right else x > boundaries).sum(-1)


COMPOSITIONS: dict[Any, Callable[..., Any]] = {
    aten.var.correction: variance,
    aten.std.correction: deviation,
    aten.var_mean.correction: variance_and_mean,
    aten.std_mean.correction: deviation_and_mean,
    aten.linalg_vector_norm.default: vector_norm,
    aten.cdist.default: distances,
    aten._cdist_forward.default: distances,
    aten.hypot.default: hypotenuse,
    aten.prod.dim_int: product_along,
    aten.cumprod.default: running_product,
    aten.logcumsumexp.default: running_logsumexp,
    aten.cummax.default: running_maximum,
    aten.cummin.default: running_minimum,
    aten.aminmax.default: extremes,
    aten.topk.default: largest_few,
    aten.kthvalue.default: smallest_but,
    aten.median.dim: median_along,
    aten.nanmedian.dim: median_along,
    aten.quantile.default: quantile,
    aten.quantile.scalar: quantile,
    aten.logaddexp.default: log_add_exp,
    aten.logaddexp2.default: log_add_exp2,
    aten.xlogy.Tensor: times_log,
    aten.xlogy.Scalar_Other: times_log,
    aten.xlogy.Scalar_Self: times_log,
    aten.addcdiv.default: plus_quotient,
    aten.fmax.default: torch.maximum,
    aten.fmin.default: torch.minimum,
    aten.clamp.Tensor: clamp_between,
    aten.clamp_min.Tensor: torch.maximum,
    aten.clamp_max.Tensor: torch.minimum,
    aten.fill.Scalar: fill,
    aten.fill.Tensor: fill,
    aten.logit.default: logit,
    aten.any.dim: any_along,
    aten.any.dims: any_along,
    aten.all.dim: all_along,
    aten.all.dims: all_along,
    aten.index_put.default: put,
    aten.as_strided.default: as_strided,
    aten.round.decimals: round_decimals,
    aten.bucketize.Tensor: count_below,
}
