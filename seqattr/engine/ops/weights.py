"""Ops with weights: convolutions, dense layers, matrix products."""

from seqattr.engine.numerics.geometry import Geometry
from seqattr.engine.ops.arguments import Arguments
from seqattr.engine.ops.names import BMM, LINEAR, MATMUL

# Over so many dimensions.
STRAIGHT = {f"aten.conv{dims}d.default": dims for dims in (1, 2, 3)}
TRANSPOSED = {"aten.conv_transpose1d.default": 1} | {
    f"aten.conv_transpose{dims}d.input": dims for dims in (2, 3)
}
ANY = "aten.convolution.default"  # of either sort, as its arguments say
CONVOLUTIONS = {*STRAIGHT, *TRANSPOSED, ANY}
DENSE = {LINEAR}
MATRIX_PRODUCTS = {MATMUL, BMM, "aten.mm.default", "aten.mv.default", "aten.dot.default"}


def is_transposed(op: str, arguments: Arguments) -> bool:
    """Whether a convolution is a transposed one."""
    return op in TRANSPOSED or (op == ANY and bool(arguments.transposed))


def geometry_of(op: str, arguments: Arguments) -> Geometry:
    """How a convolution goes over its input."""
    a = arguments
    more = a.output_padding if op in TRANSPOSED or op == ANY else [0] * len(a.stride)
    return Geometry(a.stride, a.padding, a.dilation, is_transposed(op, a), more, a.groups)
