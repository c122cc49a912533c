"""Fourier transforms as products with matrices of cosines and sines: linear in the activations."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch.fx import Node

from seqattr.engine.capture.complex_parts import ComplexParts, ComplexValue
from seqattr.engine.capture.nodes import op_name, source_of
from seqattr.engine.graph.graph import Ref
from seqattr.engine.ops.names import (
    ARANGE,
    CAST,
    COS,
    MATMUL,
    MUL,
    NE,
    REMAINDER,
    SIN,
    SUB,
    SYM_SIZE,
    TRANSPOSE,
    UNSQUEEZE,
    T,
)
from seqattr.errors import UnsupportedOp

LONGEST = 2**13  # of a transform: its matrices have as many rows and half as many columns
TOO_LONG = f"a Fourier transform of more than {LONGEST} numbers has none; write it as a convolution"
# Powers of the size, by torch's number of each norm.
POWERS: Mapping[int, float] = {0: 0.0, 1: -0.5, 2: -1.0}


def from_real(to: ComplexParts, x: Ref, dims: Sequence[int], norm: int, onesided: bool) -> ComplexValue:
    """Of real numbers along the last of the dimensions, then of complex ones along the others."""
    size = size_along(to, x, dims[-1])
    cosines, sines = waves(to, size, number_of_bins(to, size) if onesided else size)
    real, negative = (along(to, x, dims[-1], matrix) for matrix in (cosines, sines))
    z = normalise(to, ComplexValue(real, to.negative(negative)), size, norm)
    return of_complex(to, z, dims[:-1], norm, True)


def of_complex(
    to: ComplexParts, z: ComplexValue, dims: Sequence[int], norm: int, forward: bool
) -> ComplexValue:
    for dim in dims:
        size = size_along(to, z.real, dim)
        cosines, sines = waves(to, size, size)
        (a, b), (c, d) = ([along(to, part, dim, m) for part in z] for m in (cosines, sines))
        c, d = (to.negative(c), d) if forward else (c, to.negative(d))
        z = normalise(to, ComplexValue(to.plus(a, d), to.plus(b, c)), size, norm)
    return z


def to_real(to: ComplexParts, z: ComplexValue, dims: Sequence[int], norm: int, size: Any) -> Ref:
    """Frequencies but the first and the middle one stand for their mirrored ones too."""
    z = of_complex(to, z, dims[:-1], norm, False)
    size = shared_size(to, size, to.node.args[3])
    bins = number_of_bins(to, size)
    row = to.step(ARANGE, bins)
    middle = to.step(NE, to.step(MUL, row, 2), size)
    ends = [to.step(CAST, e, dtype=torch.float64) for e in (to.step(NE, row, 0), middle)]
    upper, lower = (
        along(to, to.step(MUL, last(to, part, dims[-1]), to.plus(*ends)), -1, turned)
        for part, turned in zip(z, (to.step(T, m) for m in waves(to, size, bins)), strict=True)
    )
    value, _ = normalise(to, ComplexValue(to.step(SUB, upper, lower), 0.0), size, norm)
    return last(to, value, dims[-1])


def normalise(to: ComplexParts, z: ComplexValue, size: Any, norm: int) -> ComplexValue:
    power = POWERS[norm]
    if power == 0:
        return z
    scale = size**power if isinstance(size, int) else to.step("operator.pow", size, power)
    return ComplexValue(*(to.times(part, scale) for part in z))


def waves(to: ComplexParts, size: Any, bins: Any) -> tuple[Ref, Ref]:
    """The cosines and sines of 2 pi j k / size, (size, bins); of j k what is over whole turns, exactly."""
    if ("waves", size, bins) in to.shared:
        return to.shared["waves", size, bins]
    positions = to.step(UNSQUEEZE, to.step(ARANGE, size), 1)
    products = to.step(MUL, positions, to.step(ARANGE, bins))
    steps = to.step(CAST, to.step(REMAINDER, products, size), dtype=torch.float64)
    unit = 2 * math.pi / size if isinstance(size, int) else to.step("operator.truediv", 2 * math.pi, size)
    angles = to.step(MUL, steps, unit)
    both = to.step(COS, angles), to.step(SIN, angles)
    return to.shared.setdefault(("waves", size, bins), both)


def along(to: ComplexParts, x: Ref, dim: int, matrix: Ref) -> Ref:
    """Times the matrix, along one dimension."""
    return last(to, to.step(MATMUL, last(to, x, dim), matrix), dim)


def last(to: ComplexParts, x: Ref, dim: int) -> Ref:
    """The dimension in the last one's place, and that in its place."""
    ends = (-1, of(to.node.args[0]).ndim - 1)
    return x if dim in ends else to.step(TRANSPOSE, x, dim, -1)


def of(node: Any) -> Any:
    """What a node's value looks like."""
    return node.meta["val"]


def size_along(to: ComplexParts, x: Ref, dim: int) -> Any:
    """A number, or the step that finds it. Raises UnsupportedOp for more than LONGEST."""
    size = of(to.node.args[0]).shape[dim]
    if isinstance(size, int):
        return shared_size(to, size, size)
    if ("size", str(size)) not in to.shared:
        to.shared["size", str(size)] = to.step(SYM_SIZE, x, dim)
    return to.shared["size", str(size)]


def shared_size(to: ComplexParts, size: Any, argument: Any) -> Any:
    """A number, or the step that was the first to find it."""
    if isinstance(argument, Node):
        return to.shared.setdefault(("size", str(of(argument))), size)
    if size > LONGEST:
        raise UnsupportedOp(op_name(to.node), source_of(to.node), TOO_LONG)
    return size


def number_of_bins(to: ComplexParts, size: Any) -> Any:
    """How many frequencies that many real numbers have."""
    if isinstance(size, int):
        return size // 2 + 1
    if ("half", size) not in to.shared:
        to.shared["half", size] = to.step("operator.add", to.step("operator.floordiv", size, 2), 1)
    return to.shared["half", size]
