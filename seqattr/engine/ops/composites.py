"""What steps may be part of: composite ops that are written out in several steps, by their short names."""

SOFTMAX = frozenset({"softmax", "_softmax", "special_softmax", "_safe_softmax", "_sparse_softmax"})
LOG_SOFTMAX = frozenset({"log_softmax", "_log_softmax", "special_log_softmax", "_sparse_log_softmax"})
ATTENTION = frozenset(
    {
        "scaled_dot_product_attention",
        "_scaled_dot_product_attention_math",
        "_scaled_dot_product_flash_attention_for_cpu",
    }
)
BATCH_NORM = frozenset({"batch_norm", "cudnn_batch_norm", "_native_batch_norm_legit_no_training"})
# Of whatever sort, those of weights and of vectors among them.
NORMS = BATCH_NORM | {
    "layer_norm",
    "group_norm",
    "instance_norm",
    "rms_norm",
    "_fused_rms_norm",
    "_weight_norm",
    "_weight_norm_interface",
    "norm",
    "norm_except_dim",
    "frobenius_norm",
    "nuclear_norm",
    "linalg_norm",
    "linalg_vector_norm",
    "linalg_matrix_norm",
    "renorm",
    "renorm_",
}
# A product that is one function of its first factor, element by element, whatever else its second hangs on.
BY_FIRST_FACTOR = "product by its first factor"
POWERS = frozenset({"pow", "float_power", "matrix_power", "linalg_matrix_power"})
