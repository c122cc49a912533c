"""Ops that move elements, keep, repeat or choose them, by what matters of them beside their kind."""

from seqattr.engine.ops.names import (
    EXPAND,
    PERMUTE,
    RESHAPE,
    SELECT,
    SLICE,
    SQUEEZE,
    STACK,
    TRANSPOSE,
    UNSQUEEZE,
    T,
)
from seqattr.engine.ops.recurrent import RECURRENT

# Values may lie in memory in another order than the model's own, of which there is no view.
AS_RESHAPE = dict.fromkeys(("aten.view.default", "aten._unsafe_view.default"), RESHAPE)
# Dimensions merged or opened; and those of size 1 dropped or added.
RESHAPES = frozenset({*AS_RESHAPE, RESHAPE, "aten.flatten.using_ints", "aten.unflatten.int"})
SQUEEZES = frozenset({"aten.squeeze.dim", "aten.squeeze.dims"})
# Dimensions in another order, named one by one; and of all dimensions, or of the last two.
PERMUTATIONS = frozenset(
    {
        *(PERMUTE, TRANSPOSE, "aten.mT.default", "aten.movedim.int", "aten.movedim.intlist"),
        *("aten.swapaxes.default", "aten.swapdims.default"),
    }
)
# Pieces along a dimension.
PIECES = frozenset(
    {
        *(SLICE, SELECT, "aten.unbind.int", "aten.split.Tensor", "aten.unsafe_split.Tensor"),
        *("aten.split_with_sizes.default", "aten.chunk.default"),
    }
)
# What torch gives as a view of what it reads, or may.
VIEWS = frozenset(
    {
        *RESHAPES,
        *SQUEEZES,
        *PERMUTATIONS,
        *PIECES,
        *(SQUEEZE, UNSQUEEZE, T, "aten.numpy_T.default", "aten.adjoint.default"),
        *(EXPAND, "aten.expand_as.default", "aten.broadcast_tensors.default", "aten.narrow.default"),
        *("aten.tensor_split.sections", "aten.diagonal.default", "aten.unfold.default"),
    }
)
CONCATENATIONS = frozenset({"aten.cat.default", "aten.concat.default", "aten.concatenate.default"})
JOINS = CONCATENATIONS | {STACK}
PADS = frozenset({"aten.pad.default", "aten.constant_pad_nd.default"})
SCATTERS = frozenset(
    {
        *("aten.index_put.default", "aten.scatter.src", "aten.scatter.value", "aten.scatter_add.default"),
        "aten.scatter_reduce.two",
    }
)
INSERTIONS = frozenset({"aten.slice_scatter.default", "aten.select_scatter.default"})
# Where the mask, what is taken where it holds, and what elsewhere stand among the arguments.
CHOICES = {
    "aten.where.self": (0, 1, 2),
    "aten.where.ScalarOther": (0, 1, 2),
    "aten.where.ScalarSelf": (0, 1, 2),
    "aten.where.Scalar": (0, 1, 2),
    "aten.masked_fill.Scalar": (1, 2, 0),
    "aten.masked_fill.Tensor": (1, 2, 0),
}
# With these, what is not an activation leaves constants in the value, which are in no difference.
WITH_CONSTANTS = frozenset({*PADS, *JOINS, "aten.hstack.default", *CHOICES, *SCATTERS, *INSERTIONS})
# Arguments that must not depend on the bases: which elements are taken, weights.
FIXED_ARGUMENTS: dict[str, tuple[str, ...]] = {
    "aten.index.Tensor": ("indices",),
    "aten._unsafe_index.Tensor": ("indices",),
    "aten.index_put.default": ("indices",),
    "aten.scatter.src": ("index",),
    "aten.scatter.value": ("index",),
    "aten.scatter_add.default": ("index",),
    "aten.scatter_reduce.two": ("index",),
    "aten.index_select.default": ("index",),
    "aten.gather.default": ("index",),
    **dict.fromkeys(RECURRENT, ("weight", "bias")),
}
