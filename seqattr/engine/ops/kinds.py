"""What sort of op each step is: the only list of the ops that seqattr knows.

A rulebook speaks of kinds, never of ops. An op that stands in none of these tables is an
`UnsupportedOp`, at capture; a model file that names one is refused.
"""

import math
import operator
from collections.abc import Callable
from enum import StrEnum
from typing import Any

import torch

from seqattr.engine.ops.elementwise import ELEMENTWISE
from seqattr.engine.ops.makers import CAST, MAKERS, SHAPE_ONLY
from seqattr.engine.ops.recurrent import RECURRENT
from seqattr.engine.ops.sizes import of_numbers


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
    LOGSUMEXP = "logsumexp"  # log of the sum of exponentials along dimensions
    RECURRENT = "recurrent"  # a walk through time: each state comes of the one before
    CONSTANT = "constant"  # sizes, and tensors that depend on no base


# Where the activation and the weight of a linear op stand among its arguments.
CONVOLUTIONS = {
    "aten.conv1d.default",
    "aten.conv2d.default",
    "aten.conv3d.default",
    "aten.conv_transpose1d.default",
    "aten.conv_transpose2d.input",
    "aten.conv_transpose3d.input",
    "aten.convolution.default",
}
DENSE = {"aten.linear.default"}
MATRIX_PRODUCTS = {
    "aten.mm.default",
    "aten.bmm.default",
    "aten.matmul.default",
    "aten.mv.default",
    "aten.dot.default",
}
SUMS = {"aten.add.Tensor", "aten.add.Scalar", "aten.sub.Tensor", "aten.sub.Scalar", "aten.neg.default"}
PRODUCTS = {"aten.mul.Tensor", "aten.mul.Scalar"}
QUOTIENTS = {"aten.div.Tensor", "aten.div.Scalar"}
MAXIMA = {
    "aten.max_pool1d.default",
    "aten.max_pool2d.default",
    "aten.max_pool3d.default",
    "aten.max_pool1d_with_indices.default",
    "aten.max_pool2d_with_indices.default",
    "aten.max_pool3d_with_indices.default",
    "aten.adaptive_max_pool1d.default",
    "aten.adaptive_max_pool2d.default",
    "aten.adaptive_max_pool3d.default",
    "aten.max.dim",
    "aten.amax.default",
}
AVERAGES = {
    "aten.mean.dim",
    "aten.mean.default",
    "aten.sum.dim_IntList",
    "aten.sum.default",
    "aten.avg_pool1d.default",
    "aten.avg_pool2d.default",
    "aten.avg_pool3d.default",
    "aten.adaptive_avg_pool1d.default",
    "aten.adaptive_avg_pool2d.default",
    "aten.adaptive_avg_pool3d.default",
    "aten._adaptive_avg_pool2d.default",
    "aten.cumsum.default",
    "aten.index_put.default",
    "aten.scatter.src",
    "aten.scatter.value",
    "aten.scatter_add.default",
    "aten.scatter_reduce.two",
    "aten.upsample_nearest1d.vec",
    "aten.upsample_nearest2d.vec",
    "aten.upsample_linear1d.vec",
    "aten.upsample_bilinear2d.vec",
    "aten.upsample_nearest1d.default",
    "aten.upsample_linear1d.default",
}
SHAPES = {
    "aten.view.default",
    "aten._unsafe_view.default",
    "aten.reshape.default",
    "aten.flatten.using_ints",
    "aten.unflatten.int",
    "aten.permute.default",
    "aten.transpose.int",
    "aten.t.default",
    "aten.numpy_T.default",
    "aten.mT.default",
    "aten.adjoint.default",
    "aten.movedim.int",
    "aten.movedim.intlist",
    "aten.swapaxes.default",
    "aten.swapdims.default",
    "aten.squeeze.default",
    "aten.squeeze.dim",
    "aten.squeeze.dims",
    "aten.unsqueeze.default",
    "aten.expand.default",
    "aten.expand_as.default",
    "aten.slice.Tensor",
    "aten.select.int",
    "aten.narrow.default",
    "aten.slice_scatter.default",
    "aten.select_scatter.default",
    "aten.broadcast_tensors.default",
    "aten.cat.default",
    "aten.concat.default",
    "aten.concatenate.default",
    "aten.stack.default",
    "aten.hstack.default",
    "aten.pad.default",
    "aten.constant_pad_nd.default",
    "aten.reflection_pad1d.default",
    "aten.replication_pad1d.default",
    "aten.flip.default",
    "aten.roll.default",
    "aten.repeat.default",
    "aten.tile.default",
    "aten.repeat_interleave.self_int",
    "aten.index.Tensor",
    "aten._unsafe_index.Tensor",
    "aten.index_select.default",
    "aten.gather.default",
    "aten.unfold.default",
    "aten.im2col.default",
    "aten.pixel_shuffle.default",
    "aten.pixel_unshuffle.default",
    "aten.channel_shuffle.default",
    "aten.split.Tensor",
    "aten.unsafe_split.Tensor",
    "aten.split_with_sizes.default",
    "aten.chunk.default",
    "aten.tensor_split.sections",
    "aten.unbind.int",
    "aten.diagonal.default",
    "aten.triu.default",
    "aten.tril.default",
    "aten.masked_fill.Scalar",
    "aten.masked_fill.Tensor",
    "aten.where.self",
    "aten.where.ScalarOther",
    "aten.where.ScalarSelf",
}
ORDERS = {"aten.sort.default", "aten.sort.stable"}
# Of one or two arguments, element by element, and flat but for jumps.
COMPARISONS = {
    f"aten.{name}.{overload}"
    for name in ("eq", "ne", "lt", "le", "gt", "ge", "bitwise_and", "bitwise_or", "bitwise_xor")
    for overload in ("Tensor", "Scalar")
} | {
    "aten.logical_not.default",
    "aten.logical_and.default",
    "aten.logical_or.default",
    "aten.logical_xor.default",
    "aten.bitwise_not.default",
    "aten.isnan.default",
    "aten.isinf.default",
    "aten.floor_divide.default",
    "aten.div.Tensor_mode",
    "aten.div.Scalar_mode",
}
# Where the mask, what is taken where it holds, and what elsewhere stand among the arguments.
CHOICES = {
    "aten.where.self": (0, 1, 2),
    "aten.where.ScalarOther": (0, 1, 2),
    "aten.where.ScalarSelf": (0, 1, 2),
    "aten.where.Scalar": (0, 1, 2),
    "aten.masked_fill.Scalar": (1, 2, 0),
    "aten.masked_fill.Tensor": (1, 2, 0),
}
# Of positions and other tensors that depend on no base; of the bases they have no rule.
CONSTANTS = {"aten.embedding.default", "aten.remainder.Tensor"}
# Ops on sizes, and Python's own arithmetic on them.
ARITHMETIC: dict[str, Callable[..., Any]] = {
    "operator.add": operator.add,
    "operator.sub": operator.sub,
    "operator.mul": operator.mul,
    "operator.floordiv": operator.floordiv,
    "operator.truediv": operator.truediv,
    "operator.mod": operator.mod,
    "operator.neg": operator.neg,
    "operator.pow": operator.pow,
    "math.ceil": math.ceil,
    "math.floor": math.floor,
    "math.trunc": math.trunc,
    "torch.sym_int": torch.sym_int,
    "torch.sym_max": torch.sym_max,
    "torch.sym_min": torch.sym_min,
    "torch.sym_float": torch.sym_float,
}
ON_SIZES = {name: of_numbers(function) for name, function in ARITHMETIC.items()}
KNOWN = (
    CONVOLUTIONS
    | DENSE
    | MATRIX_PRODUCTS
    | SUMS
    | PRODUCTS
    | QUOTIENTS
    | MAXIMA
    | ORDERS
    | COMPARISONS
    | set(CHOICES)
    | AVERAGES
    | SHAPES
    | {"aten.logsumexp.default"}
    | set(ELEMENTWISE)
    | CONSTANTS
    | SHAPE_ONLY
    | MAKERS
)
# Arguments that must not depend on the bases: which elements are taken, weights.
FIXED_ARGUMENTS: dict[str, int | slice] = {
    "aten.index.Tensor": 1,
    "aten._unsafe_index.Tensor": 1,
    "aten.index_put.default": 1,
    "aten.scatter.src": 2,
    "aten.scatter.value": 2,
    "aten.scatter_add.default": 2,
    "aten.scatter_reduce.two": 2,
    "aten.index_select.default": 2,
    "aten.gather.default": 2,
    **dict.fromkeys(RECURRENT, slice(1, 3)),  # weight and bias
}
# Values may lie in memory in another order than the model's own, of which there is no view.
VIEWS = {"aten.view.default": "aten.reshape.default", "aten._unsafe_view.default": "aten.reshape.default"}
RANDOM = "it makes the model draw random numbers in every call; F.dropout wants training=self.training"
NO_SLOPE = "the place of a maximum, or in an order, has no slope; use its value, or softmax for the place"
OF_COMPLEX = (
    *("_fft_r2c", "_fft_c2c", "_fft_c2r", "view_as_complex", "view_as_real", "polar", "complex", "real"),
    *("imag", "angle"),
)
COMPLEX = "the angle of a complex number has no rule; use its real and imaginary parts"
HINTS = {
    # what is turned into real numbers must not be written out by torch before
    **{f"aten.{op}.default": COMPLEX for op in OF_COMPLEX},
    **{f"aten.{op}": RANDOM for op in ("native_dropout.default", "dropout.default", "bernoulli.p")},
    CAST: "a small integer type wraps what does not fit; cast to int64 or int32",
    "aten._native_batch_norm_legit_functional.default": "a batch norm in training mixes the sequences of a "
    "batch; call eval() on it",
    **{f"aten.{name}.default": NO_SLOPE for name in ("argmax", "argmin", "argsort", "unique_consecutive")},
    "aten.argsort.stable": NO_SLOPE,
    "aten._unique2.default": NO_SLOPE,
    "aten.mode.default": NO_SLOPE,
    "aten.embedding.default": "a row of a table that the bases choose has no slope; multiply the table by a "
    "softmax of what chooses it",
    "aten.max_unpool1d.default": NO_SLOPE,
    "aten.max_unpool2d.default": NO_SLOPE,
    "aten.nonzero.default": "how many there are depends on the bases; multiply by the mask",
    "aten.masked_select.default": "how many there are depends on the bases; multiply by the mask",
    "aten.bincount.default": "use the sum of a one-hot encoding",
    "aten.histc.default": "use the sum of comparisons with the edges",
    "aten.scatter_reduce.two": "of what is scattered only sums and means have a rule; take "
    "the maximum or the product of h[..., places] for each place",
    "aten.atan2.default": "write 2 * torch.atan(y / (torch.hypot(x, y) + x))",
    "aten.item.default": "what the model computes must not depend on a number taken out of a tensor",
    "aten._native_batch_norm_legit.no_stats": "without running statistics it mixes the sequences of a batch",
    **dict.fromkeys(RECURRENT, "the weights of a recurrent layer must not depend on the bases"),
}


SIMPLE = (
    (SHAPES, Kind.SHAPE),
    (AVERAGES, Kind.AVERAGE),
    (ELEMENTWISE, Kind.ELEMENTWISE),
    (MAXIMA, Kind.MAX),
    (ORDERS, Kind.ORDER),
    (COMPARISONS, Kind.COMPARISON),
    ({"aten.logsumexp.default"}, Kind.LOGSUMEXP),
    (RECURRENT, Kind.RECURRENT),
)
