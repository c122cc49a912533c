"""What sort of op each op is, and what its value looks like: the only list of the ops that seqattr knows.

A rulebook speaks of kinds, never of ops. An op that stands in none of these tables is an
`UnsupportedOp`, at capture; a model file that names one is refused.
"""

from collections.abc import Mapping
from enum import StrEnum

from seqattr.engine.ops import shape_rules as shape
from seqattr.engine.ops.elementwise import ELEMENTWISE
from seqattr.engine.ops.makers import CASTS, LIKES, MAKERS, NEW, RANGES, SHAPE_ONLY
from seqattr.engine.ops.moving import CHOICES, CONCATENATIONS, INSERTIONS, PADS, SCATTERS, VIEWS
from seqattr.engine.ops.names import AMAX, DETACH, FLIP, LINEAR, LOGSUMEXP, MAX_ALONG, MEAN, NEG, STACK, SUM
from seqattr.engine.ops.recurrent import RECURRENT
from seqattr.engine.ops.shape_rules import ShapeOf
from seqattr.engine.ops.weights import CONVOLUTIONS, DENSE, MATRIX_PRODUCTS
from seqattr.engine.ops.windows import POOLS, UPSAMPLINGS


class Kind(StrEnum):
    """What sort of op a step is."""

    LINEAR = "linear"  # weights times activations: convolution, dense, product with a constant matrix
    SCALE = "scale"  # each element times a constant
    OFFSET = "offset"  # plus or minus a constant, and the negative
    SUM = "sum"  # activations added or subtracted
    SHAPE = "shape"  # elements moved, repeated, dropped or joined
    AVERAGE = "average"  # means, sums, average pools: weights that are never negative
    ELEMENTWISE = "elementwise"  # a function of one input at each element: the nonlinearities
    PRODUCT = "product"  # two activations multiplied element by element
    QUOTIENT = "quotient"  # one activation, or a constant, divided by another
    BILINEAR = "bilinear"  # a matrix product of two activations
    MAX = "max"  # the largest of a window or of a dimension
    ORDER = "order"  # the elements along a dimension put in order
    COMPARISON = "comparison"  # a mask, 0 or 1, and what is made of masks: steps without a slope
    CHOICE = "choice"  # one of two values at each element, by a mask that depends on the bases
    HELD = "held"  # the value as it is, which counts as given: nothing goes back through it
    LOGSUMEXP = "logsumexp"  # log of the sum of exponentials along dimensions
    RECURRENT = "recurrent"  # a walk through time: each state comes of the one before
    CONSTANT = "constant"  # sizes, and tensors that depend on no base


# --- element by element ------------------------------------------------------------------------

SUBTRACTIONS = frozenset({"aten.sub.Tensor", "aten.sub.Scalar"})
SUMS = SUBTRACTIONS | {"aten.add.Tensor", "aten.add.Scalar", NEG}
PRODUCTS = frozenset({"aten.mul.Tensor", "aten.mul.Scalar"})
QUOTIENTS = frozenset({"aten.div.Tensor", "aten.div.Scalar"})
BITWISE = frozenset(
    f"aten.bitwise_{name}.{overload}" for name in ("and", "or", "xor") for overload in ("Tensor", "Scalar")
) | {"aten.bitwise_not.default"}
# Of one or two arguments, element by element, and flat but for jumps.
COMPARISONS = (
    BITWISE
    | {f"aten.{name}.Tensor" for name in ("eq", "ne", "lt", "le", "gt", "ge")}
    | {f"aten.{name}.Scalar" for name in ("eq", "ne", "lt", "le", "gt", "ge")}
    | {f"aten.logical_{name}.default" for name in ("not", "and", "or", "xor")}
    | {"aten.isnan.default", "aten.isinf.default"}
    | {"aten.floor_divide.default", "aten.div.Tensor_mode", "aten.div.Scalar_mode"}
)
HELD = frozenset({DETACH})
# Of positions and other tensors that depend on no base; of the bases they have no rule.
CONSTANTS: Mapping[str, ShapeOf] = {
    "aten.embedding.default": shape.looked_up,
    "aten.remainder.Tensor": shape.broadcast,
}

# --- over windows, along dimensions --------------------------------------------------------------

MAX_OPS: Mapping[str, ShapeOf] = {
    **{op: shape.pool(op) for op, pool in POOLS.items() if pool.maximal},
    MAX_ALONG: shape.reduction,
    AMAX: shape.reduction,
}
AVERAGE_OPS: Mapping[str, ShapeOf] = {
    **{op: shape.pool(op) for op, pool in POOLS.items() if not pool.maximal},
    MEAN: shape.reduction,
    SUM: shape.reduction,
    "aten.mean.default": shape.scalar,
    "aten.sum.default": shape.scalar,
    "aten.cumsum.default": shape.same,
    **dict.fromkeys(SCATTERS, shape.same),
    **{op: shape.upsampling(op) for op in UPSAMPLINGS},
}
ORDERS = frozenset({"aten.sort.default", "aten.sort.stable"})

# --- elements moved ------------------------------------------------------------------------------

SHAPE_OPS: Mapping[str, ShapeOf] = {
    **dict.fromkeys(CONCATENATIONS, shape.concatenation),
    STACK: shape.stack,
    "aten.hstack.default": shape.side_by_side,
    **dict.fromkeys(PADS, shape.padding),
    "aten.reflection_pad1d.default": shape.padding,
    "aten.replication_pad1d.default": shape.padding,
    **dict.fromkeys(INSERTIONS, shape.same),
    FLIP: shape.same,
    "aten.roll.default": shape.same,
    "aten.triu.default": shape.same,
    "aten.tril.default": shape.same,
    "aten.channel_shuffle.default": shape.same,
    "aten.repeat.default": shape.repetition,
    "aten.tile.default": shape.repetition,
    "aten.repeat_interleave.self_int": shape.interleaving,
    "aten.index.Tensor": shape.indexing,
    "aten._unsafe_index.Tensor": shape.indexing,
    "aten.index_select.default": shape.selection,
    "aten.gather.default": shape.of_index,
    "aten.im2col.default": shape.columns,
    "aten.pixel_shuffle.default": shape.pixel_shuffle,
    "aten.pixel_unshuffle.default": shape.pixel_unshuffle,
    "aten.masked_fill.Scalar": shape.masking,
    "aten.masked_fill.Tensor": shape.masking,
    "aten.where.self": shape.broadcast,
    "aten.where.ScalarOther": shape.broadcast,
    "aten.where.ScalarSelf": shape.broadcast,
}
AVERAGES, MAXIMA, SHAPES = frozenset(AVERAGE_OPS), frozenset(MAX_OPS), VIEWS | SHAPE_OPS.keys()

# --- all of them -----------------------------------------------------------------------------------

# Ops that have one kind wherever they stand.
ALWAYS = {
    **dict.fromkeys(SHAPES, Kind.SHAPE),
    **dict.fromkeys(AVERAGES, Kind.AVERAGE),
    **dict.fromkeys(ELEMENTWISE, Kind.ELEMENTWISE),
    **dict.fromkeys(MAXIMA, Kind.MAX),
    **dict.fromkeys(ORDERS, Kind.ORDER),
    **dict.fromkeys(COMPARISONS, Kind.COMPARISON),
    **dict.fromkeys(HELD, Kind.HELD),
    LOGSUMEXP: Kind.LOGSUMEXP,
    **dict.fromkeys(RECURRENT, Kind.RECURRENT),
}
KNOWN = frozenset(
    {
        *ALWAYS.keys() - RECURRENT.keys(),
        *(CONVOLUTIONS | DENSE | MATRIX_PRODUCTS),
        *(SUMS | PRODUCTS | QUOTIENTS),
        *CHOICES,
        *CONSTANTS,
        *(SHAPE_ONLY | MAKERS),
    }
)
SHAPES_OF: Mapping[str, ShapeOf] = {
    **dict.fromkeys({*ELEMENTWISE, *(LIKES - NEW), *(CASTS & MAKERS), *ORDERS, *HELD}, shape.same),
    **dict.fromkeys(SUMS | PRODUCTS | QUOTIENTS | COMPARISONS | CHOICES.keys(), shape.broadcast),
    **{op: shape.convolution(op) for op in CONVOLUTIONS},
    **{op: shape.through_time(op) for op in RECURRENT},
    **dict.fromkeys(MATRIX_PRODUCTS, shape.matrix_product),
    LINEAR: shape.dense,
    LOGSUMEXP: shape.reduction,
    **CONSTANTS,
    **MAX_OPS,
    **AVERAGE_OPS,
    **SHAPE_OPS,
    **dict.fromkeys(NEW, shape.of_size),
    "aten.zeros.default": shape.size,
    "aten.ones.default": shape.size,
    "aten.full.default": shape.size,
    "aten.scalar_tensor.default": shape.scalar,
    **{op: shape.count(op) for op in RANGES},
    "aten.eye.default": shape.square,
    "aten.linspace.default": shape.number_of_steps,
}
