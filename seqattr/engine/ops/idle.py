"""Ops that compute nothing: other names of a value, dropout out of training, checks of sizes."""

NO_OPS = frozenset(
    {
        "aten.clone.default",
        "aten.alias.default",
        "aten.contiguous.default",
        "aten.lift_fresh_copy.default",
        "aten.lift_fresh.default",
        "aten.to.device",
        "aten.positive.default",
        "aten.resolve_conj.default",
        "aten.resolve_neg.default",
    }
)
# These draw random numbers where their argument `train` says so.
DROPOUTS = frozenset(
    {
        "aten.dropout.default",
        "aten.native_dropout.default",
        "aten.feature_dropout.default",
        "aten.alpha_dropout.default",
        "aten.feature_alpha_dropout.default",
    }
)
# Checks that a graph with a free batch size carries along: of torch's own, and Python's in torch.
ASSERTIONS = frozenset(
    {
        "aten._assert_async.default",
        "aten._assert_async.msg",
        "aten._assert_scalar.default",
        "aten._assert_tensor_metadata.default",
        "aten._functional_assert_async.msg",
        "aten._functional_assert_scalar.default",
        "aten._functional_sym_constrain_range.default",
        "aten._functional_sym_constrain_range_for_size.default",
        "aten.sym_constrain_range.default",
        "aten.sym_constrain_range_for_size.default",
        "torch._assert",
        "torch._check",
        "torch._check_index",
        "torch._check_is_size",
        "torch._check_not_implemented",
        "torch._check_tensor_all",
        "torch._check_tensor_all_with",
        "torch._check_type",
        "torch._check_value",
        "torch._check_with",
        "torch.sym_constrain_range",
        "torch.sym_constrain_range_for_size",
    }
)
