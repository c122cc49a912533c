"""Names of the ops that seqattr itself writes into graphs, or looks for there."""

# Arithmetic.
ADD, SUB, NEG = "aten.add.Tensor", "aten.sub.Tensor", "aten.neg.default"
SUB_NUMBER = "aten.sub.Scalar"
MUL, DIV = "aten.mul.Tensor", "aten.div.Tensor"
REMAINDER = "aten.remainder.Scalar"
LINEAR, MATMUL, BMM = "aten.linear.default", "aten.matmul.default", "aten.bmm.default"
# Functions of one input.
RELU, CLAMP_MIN, TRUNC, ABS = (f"aten.{name}.default" for name in ("relu", "clamp_min", "trunc", "abs"))
SIGMOID, LOG_SIGMOID, TANH = (f"aten.{name}.default" for name in ("sigmoid", "log_sigmoid", "tanh"))
EXP, COS, SIN = (f"aten.{name}.default" for name in ("exp", "cos", "sin"))
SQRT, SQUARE, RECIPROCAL = (f"aten.{name}.default" for name in ("sqrt", "square", "reciprocal"))
LOG = "aten.log.default"
POW = "aten.pow.Tensor_Scalar"
DETACH = "aten.detach.default"
# Along dimensions.
MEAN, SUM, LOGSUMEXP = "aten.mean.dim", "aten.sum.dim_IntList", "aten.logsumexp.default"
AMAX, MAX_ALONG = "aten.amax.default", "aten.max.dim"
SCATTER_REDUCE = "aten.scatter_reduce.two"
# Comparisons and choices.
NE, GT, GE, LT, LE = (f"aten.{name}.Scalar" for name in ("ne", "gt", "ge", "lt", "le"))
WHERE_NUMBERS = "aten.where.Scalar"
# Elements moved.
RESHAPE, PERMUTE, TRANSPOSE, T = (
    f"aten.{name}" for name in ("reshape.default", "permute.default", "transpose.int", "t.default")
)
FLATTEN = "aten.flatten.using_ints"
SQUEEZE, UNSQUEEZE = "aten.squeeze.default", "aten.unsqueeze.default"
EXPAND, FLIP = "aten.expand.default", "aten.flip.default"
SLICE, SELECT = "aten.slice.Tensor", "aten.select.int"
STACK, PAD = "aten.stack.default", "aten.pad.default"
# Tensors made.
ARANGE, ZEROS, ONES = (f"aten.{name}.default" for name in ("arange", "zeros", "ones"))
ZEROS_LIKE, ONES_LIKE, FULL_LIKE = (f"aten.{name}_like.default" for name in ("zeros", "ones", "full"))
NEW_ZEROS, NEW_ONES = "aten.new_zeros.default", "aten.new_ones.default"
CAST = "aten._to_copy.default"  # to another type
# Sizes.
SYM_SIZE, SYM_NUMEL, GETITEM = "aten.sym_size.int", "aten.sym_numel.default", "operator.getitem"


def short_name(op: str) -> str:
    """relu of aten.relu.default: without namespace and overload."""
    return op.split(".")[1]


def brief_name(op: str) -> str:
    """relu.default of aten.relu.default; of other namespaces all."""
    return op.removeprefix("aten.")
