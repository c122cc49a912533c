"""Ops that make tensors: of nothing, of another's shape, of another type."""

from seqattr.engine.ops.names import (
    ARANGE,
    CAST,
    FULL_LIKE,
    NEW_ONES,
    NEW_ZEROS,
    ONES,
    ONES_LIKE,
    SYM_NUMEL,
    SYM_SIZE,
    WHERE_NUMBERS,
    ZEROS,
    ZEROS_LIKE,
)

# Ops that read no more of a value than its shape depend on the batch, but never on the bases.
NEW = frozenset({NEW_ZEROS, NEW_ONES, "aten.new_full.default"})
LIKES = NEW | {ZEROS_LIKE, ONES_LIKE, FULL_LIKE}
ZEROS_BESIDE = frozenset({ZEROS_LIKE, NEW_ZEROS})
SHAPE_ONLY = LIKES | {SYM_SIZE, SYM_NUMEL}
RANGES = frozenset({ARANGE, "aten.arange.start", "aten.arange.start_step"})
# Ops that make a tensor out of nothing have to be told the device.
FACTORIES = frozenset(
    {
        *(ZEROS, ONES, "aten.full.default", "aten.eye.default", "aten.scalar_tensor.default"),
        *(*RANGES, "aten.linspace.default"),
    }
)
CASTS = frozenset({CAST, "aten.to.dtype", "aten.to.dtype_layout", "aten.to.other", "aten.type_as.default"})
# What these make is as precise as the model, whatever they were written for.
MAKERS = FACTORIES | LIKES | {CAST, "aten.to.dtype", WHERE_NUMBERS}
