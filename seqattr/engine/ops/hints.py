"""What to write in place of ops that have no rule."""

from seqattr.engine.ops.complex_numbers import KEPT
from seqattr.engine.ops.names import CAST, SCATTER_REDUCE
from seqattr.engine.ops.recurrent import RECURRENT

RANDOM = (
    "it makes the model draw random numbers in every call; F.dropout wants training=self.training, and "
    "nn.Dropout to be made in __init__"
)
NOISE = "it makes the model draw random numbers in every call; draw them in __init__, with register_buffer"
DRAWING = [f"{name}.{overload}" for name in ("rand", "randn") for overload in ("default", "generator")]
DRAWING += ["rand_like.default", "randn_like.default", "randperm.default", "randint.default", "randint.low"]
NO_SLOPE = "the place of a maximum, or in an order, has no slope; use its value, or softmax for the place"
MATRICES = "of matrices only those that depend on no base have an inverse, or a determinant, here"
COMPLEX = "the angle of a complex number has no rule; use its real and imaginary parts"
HINTS = {
    **dict.fromkeys(KEPT, COMPLEX),
    **{f"aten.{op}": RANDOM for op in ("native_dropout.default", "dropout.default", "bernoulli.p")},
    **{f"aten.{op}": NOISE for op in DRAWING},
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
    "aten.masked_scatter.default": "write torch.where(mask, values, x), the values being where the mask is",
    **{f"aten.{op}": MATRICES for op in ("_linalg_det.default", "linalg_inv_ex.default")},
    "aten._linalg_solve_ex.default": f"write torch.linalg.inv(a) @ b; {MATRICES}",
    "aten.bincount.default": "use the sum of a one-hot encoding",
    "aten.histc.default": "use the sum of comparisons with the edges",
    SCATTER_REDUCE: "of what is scattered only sums and means have a rule; take "
    "the maximum or the product of h[..., places] for each place",
    "aten.atan2.default": "write 2 * torch.atan(y / (torch.hypot(x, y) + x))",
    "aten.item.default": "what the model computes must not depend on a number taken out of a tensor",
    "aten._native_batch_norm_legit.no_stats": "without running statistics it mixes the sequences of a batch",
    **dict.fromkeys(RECURRENT, "the weights of a recurrent layer must not depend on the bases"),
}
