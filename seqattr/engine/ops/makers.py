"""Ops that make tensors: of nothing, of another's shape, of another type."""

# Ops that read no more of a value than its shape depend on the batch, but never on the bases.
LIKES = frozenset(
    {
        "aten.zeros_like.default",
        "aten.ones_like.default",
        "aten.full_like.default",
        "aten.new_zeros.default",
        "aten.new_ones.default",
        "aten.new_full.default",
    }
)
SHAPE_ONLY = LIKES | {"aten.sym_size.int", "aten.sym_numel.default"}
# Ops that make a tensor out of nothing have to be told the device.
FACTORIES = frozenset(
    {
        "aten.zeros.default",
        "aten.ones.default",
        "aten.full.default",
        "aten.arange.default",
        "aten.arange.start",
        "aten.arange.start_step",
        "aten.eye.default",
        "aten.linspace.default",
        "aten.scalar_tensor.default",
    }
)
CAST = "aten._to_copy.default"  # to another type
CASTS = frozenset({CAST, "aten.to.dtype", "aten.to.dtype_layout", "aten.to.other", "aten.type_as.default"})
# What these make is as precise as the model, whatever they were written for.
MAKERS = FACTORIES | LIKES | {CAST, "aten.to.dtype", "aten.where.Scalar"}
