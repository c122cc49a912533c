"""What each step does at its positions, where that is the same at all of them.

A step is local if each position of its value reads a window of positions of what it reads, the same at
every position: convolutions, pools, whatever works element by element or along other dimensions. `local`
says so of a step, or None; everything else is left to whoever needs the value as a whole.
"""

from collections.abc import Callable
from functools import reduce
from math import inf, prod

import torch
from torch import Tensor

from seqattr.engine.edits.windows import Local, Positions, Read, Site
from seqattr.engine.numerics.convolution import convolution
from seqattr.engine.ops.arguments import Arguments
from seqattr.engine.ops.kinds import SHAPES, Kind
from seqattr.engine.ops.moving import CHOICES, JOINS, PADS, PERMUTATIONS, PIECES, RESHAPES, SQUEEZES
from seqattr.engine.ops.names import (
    AMAX,
    EXPAND,
    FLIP,
    LINEAR,
    MATMUL,
    MAX_ALONG,
    MEAN,
    SLICE,
    STACK,
    SUM,
    UNSQUEEZE,
)
from seqattr.engine.ops.weights import CONVOLUTIONS, DENSE, geometry_of
from seqattr.engine.ops.windows import POOLS, Pool, pool_of
from seqattr.engine.walk.rulebook import ROWS_FIRST


def local(site: Site) -> Local | None:
    """What a step does at each position; None where that is not the same at all, or not known."""
    if site.positions is None or site.step.layout != ROWS_FIRST or site.positions.length < 2:
        return None
    kind = site.plan.kinds[site.step.name]
    rule = BY_OP.get(site.step.op) or BY_KIND.get(kind)
    return rule(site, site.positions) if rule else None


# --- element by element ------------------------------------------------------------------------


def at_each_element(site: Site, at: Positions) -> Local | None:
    """Arguments are broadcast to the value's shape, counted from the last dimension."""
    if len(site.shape) < -at.dim or site.shape[at.dim] != at.length:
        return None
    single = site.plan.kinds[site.step.name] is Kind.ELEMENTWISE  # its other arguments are its parameters
    return Local(at, site.function, constants=None if single else (at, len(site.shape)))


# --- convolutions, dense layers ----------------------------------------------------------------


def of_convolution(site: Site, at: Positions) -> Local | None:
    step, weight = site.step, site.arguments()[1]
    dims = weight.ndim - 2
    if step.args[0] not in site.known or step.args[1] not in site.plan.graph.tensors or at.dim < -dims:
        return None
    geometry = geometry_of(step.op, site.bound())
    if geometry.transposed:
        return None
    stride, padding, dilation = (list(sizes)[at.dim] for sizes in geometry[:3])
    without = list(geometry.padding)
    without[at.dim] = 0
    prepared = convolution(weight, geometry._replace(padding=without))
    read = Read(stride, -padding, -padding + dilation * (weight.shape[at.dim] - 1))
    positions = Positions(at.dim, site.shape[at.dim])
    return Local(positions, lambda x, weight, bias=None, *_: prepared.forward(x, bias), read)


def of_matrix_product(site: Site, at: Positions) -> Local | None:
    """A dense layer or a product with a constant matrix, along another dimension than the positions'."""
    left, right = site.step.args[:2]
    if left in site.known:
        along = -1
        fits = site.step.op in DENSE or (right not in site.known and site.values[right].ndim == 2)
    else:
        along, fits = -2, site.values[left].ndim == 2
    if not fits or at.dim == along or site.shape[at.dim] != at.length:
        return None
    return Local(at, site.function)


# --- pools, reductions -------------------------------------------------------------------------


def of_pool(site: Site, at: Positions) -> Local | None:
    """A max or average pool; padded ones only where what is outside counts as a number."""
    op, arguments = site.step.op, site.bound()
    maximal, pool = POOLS[op].maximal, pool_of(op, arguments)
    if at.dim < -len(pool.size) or is_rough(op, pool, arguments):
        return None
    without = list(pool.padding)
    without[at.dim] = 0
    first, reach = -pool.padding[at.dim], pool.dilation[at.dim] * (pool.size[at.dim] - 1)
    read = Read(pool.stride[at.dim], first, first + reach, -inf if maximal else 0.0)
    positions = Positions(at.dim, site.shape[at.dim])
    if maximal and site.step.output is None and prod(pool.size) == pool.size[at.dim] and at.dim == -1:
        return Local(positions, lambda x, *_: largest(x, pool), read)
    more = [pool.dilation] if maximal else [False, True]
    return Local(positions, lambda x, *_: site.function(x, pool.size, pool.stride, without, *more), read)


def is_rough(op: str, pool: Pool, arguments: Arguments) -> bool:
    """Whether what lies outside has a part in an average pool's value, or no part in its count."""
    if POOLS[op].maximal:
        return False
    divisor = getattr(arguments, "divisor_override", None)  # which that in one dimension has not
    counted = (arguments.count_include_pad and divisor is None) or not any(pool.padding)
    return not counted or pool.ceil or divisor is not None


def largest(window: Tensor, pool: Pool) -> Tensor:
    """A max pool along the last dimension, one tap after the other: quicker than torch's, which looks for
    the places too.
    """
    size, stride, dilation = pool.size[-1], pool.stride[-1], pool.dilation[-1]
    last = window.shape[-1] - dilation * (size - 1)
    taps = (window[..., tap * dilation : tap * dilation + last : stride] for tap in range(size))
    return reduce(torch.maximum, taps)


def of_reduction(site: Site, at: Positions) -> Local | None:
    """A mean, sum or maximum along other dimensions."""
    dims = reduction_dims(site)
    if dims is None or at.dim in dims:
        return None
    gone = 0 if site.source.ndim == len(site.shape) else sum(dim > at.dim for dim in dims)
    return Local(Positions(at.dim + gone, at.length), site.function)


def reduction_dims(site: Site) -> list[int] | None:
    """The dimensions along which a step reduces, counted from the end; None for all of them."""
    dims = site.step.arguments.dim
    if dims is None or dims == []:
        return None
    count = site.source.ndim
    return [dim % count - count for dim in ([dims] if isinstance(dims, int) else dims)]


# --- shapes ------------------------------------------------------------------------------------


def of_view(site: Site, at: Positions) -> Local | None:
    """A view: the positions are where the strides say; cut along them, it reads further on."""
    source = torch.empty(site.source.shape)
    arguments = site.arguments()
    view = site.function(source, *arguments[1:], **site.step.kwargs)
    view = view if site.step.output is None else view[site.step.output]
    stride = source.stride(at.dim)
    dims_kept = [d for d in range(view.ndim) if view.shape[d] > 1 and view.stride(d) == stride]
    if len(dims_kept) != 1:
        return None
    positions = Positions(dims_kept[0] - view.ndim, view.shape[dims_kept[0]])
    if positions.length == at.length:
        return Local(positions, site.function)
    if site.step.op != SLICE:
        return None
    first = view.storage_offset() // stride % at.length
    return Local(positions, lambda x, *_: x, Read(1, first, first))


def of_reshape(site: Site, at: Positions) -> Local | None:
    """Dimensions merged or opened on either side of the positions."""
    before, shape = site.source.shape[: at.dim].numel(), site.shape
    for d in range(1, len(shape)):
        if shape[:d].numel() == before and shape[d] == at.length:
            return local_reshape(shape, Positions(d - len(shape), at.length), at)
    return None


def local_reshape(shape: torch.Size, to: Positions, at: Positions) -> Local:
    return Local(to, lambda x, *_: x.reshape(window_shape(shape, to.dim, x, at.dim)))


def of_expand(site: Site, at: Positions) -> Local | None:
    return Local(at, lambda x, *_: x.expand(window_shape(site.shape, at.dim, x, at.dim)))


def window_shape(shape: torch.Size, dim: int, window: Tensor, window_dim: int) -> list[int]:
    """The shape of one row's value with as many rows and positions as a window has."""
    sizes = list(shape)
    sizes[0], sizes[dim] = window.shape[0], window.shape[window_dim]
    return sizes


def of_flip(site: Site, at: Positions) -> Local | None:
    count = len(site.shape)
    if at.dim not in [dim % count - count for dim in site.step.arguments.dims]:
        return Local(at, site.function)
    return Local(at, site.function, Read(-1, at.length - 1, at.length - 1))


def of_pad(site: Site, at: Positions) -> Local | None:
    """With a constant, on either side of the positions."""
    arguments = site.bound()
    if getattr(arguments, "mode", "constant") != "constant":
        return None
    sides, pair = arguments.pad, 2 * (-at.dim - 1)
    if len(sides) < pair + 2 or any(sides[:pair]) or any(sides[pair + 2 :]):
        return None
    positions = Positions(at.dim, site.shape[at.dim])
    read = Read(1, -sides[pair], -sides[pair], float(arguments.value or 0))
    return Local(positions, lambda x, *_, **__: x, read)


def of_join(site: Site, at: Positions) -> Local | None:
    """Joined along another dimension than the positions'."""
    parts, dim = site.step.arguments.tensors, site.step.arguments.dim
    dim, count = dim % len(site.shape) - len(site.shape), site.source.ndim
    to = at
    if site.step.op == STACK and dim > at.dim - 1:
        to = Positions(at.dim - 1, at.length)
    alike = all(site.values[part].shape[at.dim] == at.length for part in parts)
    if not alike or site.shape[to.dim] != at.length:
        return None
    return Local(to, site.function, constants=(at, count))


Rule = Callable[[Site, Positions], Local | None]
BY_KIND: dict[Kind, Rule] = {
    **dict.fromkeys((Kind.ELEMENTWISE, Kind.SCALE, Kind.OFFSET, Kind.SUM), at_each_element),
    **dict.fromkeys((Kind.PRODUCT, Kind.QUOTIENT, Kind.HELD), at_each_element),
    Kind.LOGSUMEXP: of_reduction,
}
POOLS_HERE = {op for op, pool in POOLS.items() if pool.dims < 3 and not pool.adaptive}
BY_OP: dict[str, Rule] = {
    **dict.fromkeys(CONVOLUTIONS, of_convolution),
    **dict.fromkeys((LINEAR, MATMUL), of_matrix_product),
    **dict.fromkeys(POOLS_HERE, of_pool),
    **dict.fromkeys((MEAN, SUM, MAX_ALONG, AMAX), of_reduction),
    **dict.fromkeys(PERMUTATIONS | SQUEEZES | PIECES | {UNSQUEEZE}, of_view),
    **dict.fromkeys(RESHAPES, of_reshape),
    **dict.fromkeys(CHOICES.keys() & SHAPES, at_each_element),
    **dict.fromkeys(JOINS, of_join),
    **dict.fromkeys(PADS, of_pad),
    EXPAND: of_expand,
    FLIP: of_flip,
}
