"""Composite ops written out in simple ones, so that each simple one's rule is enough.

A norm, an attention or a gate is then complete because its parts are. Every function has the
signature of the ATen op it stands for. What is written out here counts as one op without natural
parts: its inner nonlinearities are always passed by the Rescale rule, save for TRANSPARENT ones.
"""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch._decomp import decomposition_table

from seqattr.engine.ops import norms
from seqattr.engine.ops.arguments import for_each
from seqattr.engine.ops.compositions import COMPOSITIONS
from seqattr.engine.ops.names import short_name
from seqattr.engine.ops.recurrent import written_out

aten = torch.ops.aten


def softmax(x: Tensor, dim: int, dtype: Any = None) -> Tensor:
    return torch.exp(log_softmax(x, dim))


def log_softmax(x: Tensor, dim: int, dtype: Any = None) -> Tensor:
    return x - torch.logsumexp(x, dim, keepdim=True)


def glu(x: Tensor, dim: int = -1) -> Tensor:
    value, gate = x.chunk(2, dim)
    return value * torch.sigmoid(gate)


def attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    if dropout_p:
        return NotImplemented
    if enable_gqa:  # heads of queries in groups, each of which has its keys and values in common
        key, value = (h.repeat_interleave(query.shape[-3] // h.shape[-3], -3) for h in (key, value))
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    logits = torch.matmul(query, key.transpose(-2, -1)) * scale
    if is_causal:
        allowed = torch.ones(query.shape[-2], key.shape[-2], dtype=torch.bool, device=query.device)
        attn_mask = allowed.tril()
    if attn_mask is not None:
        logits = mask_logits(logits, attn_mask)
    return torch.matmul(softmax(logits, -1), value)


def mask_logits(logits: Tensor, mask: Tensor) -> Tensor:
    """Forbidden places get a finite low value: minus infinity has no difference from itself."""
    if mask.dtype == torch.bool:
        return logits.masked_fill(mask.logical_not(), LOWEST)
    return logits + mask.clamp(min=LOWEST)


LOWEST = -1e4


def amin(x: Tensor, dim: Sequence[int] = (), keepdim: bool = False) -> Tensor:
    return -torch.amax(-x, list(dim), keepdim)


def largest_of_all(x: Tensor) -> Tensor:
    return torch.amax(x, list(range(x.ndim)))


def smallest_of_all(x: Tensor) -> Tensor:
    return -largest_of_all(-x)


def minimum_along(x: Tensor, dim: int, keepdim: bool = False) -> tuple[Tensor, Tensor]:
    best, positions = (-x).max(dim, keepdim)
    return -best, positions


def widen(x: Tensor, shape: Sequence[int]) -> Tensor:
    return x if x.shape == shape else x.expand(shape)


def maximum(a: Tensor, b: Tensor) -> Tensor:
    """Equal ones share what is due to the larger, as torch halves it."""
    shape = torch.broadcast_shapes(a.shape, b.shape)
    return torch.stack([widen(a, shape), widen(b, shape)], -1).amax(-1)


def minimum(a: Tensor, b: Tensor) -> Tensor:
    return -maximum(-a, -b)


def power(base: Tensor, exponent: Tensor) -> Tensor:
    return torch.exp(exponent * torch.log(base))


def power_of_scalar(base: float, exponent: Tensor) -> Tensor:
    return torch.exp(exponent * math.log(base)) if base > 0 else NotImplemented


def rrelu(x, lower=1 / 8, upper=1 / 3, training=False, generator=None):  # type: ignore[no-untyped-def]
    return NotImplemented if training else torch.nn.functional.leaky_relu(x, (lower + upper) / 2)


def copy_into(target: Tensor, x: Tensor, non_blocking: bool = False) -> Tensor:
    return widen(x, target.shape)


def add_scaled(a: Tensor, b: Any, *, alpha: float = 1) -> Tensor:
    return NotImplemented if alpha == 1 else a + b * alpha


def sub_scaled(a: Tensor, b: Any, *, alpha: float = 1) -> Tensor:
    return NotImplemented if alpha == 1 else a - b * alpha


def reverse_sub(a: Tensor, b: Any, alpha: float = 1) -> Tensor:
    return -(a if alpha == 1 else a * alpha) + b


def addmm(bias: Tensor, a: Tensor, b: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    return bias * beta + torch.matmul(a, b) * alpha if (beta, alpha) != (1, 1) else bias + torch.matmul(a, b)


def conv_same(function):  # type: ignore[no-untyped-def]
    """Convolution with its padding given as a word: "same" pads by hand, the odd one on the right."""

    def convolution(x, weight, bias=None, stride=1, padding="valid", dilation=1, groups=1):  # type: ignore[no-untyped-def]
        dims = weight.ndim - 2
        steps = for_each(dilation, dims)
        if padding == "same":
            totals = [d * (k - 1) for d, k in zip(steps, weight.shape[2:], strict=True)]
            x = torch.nn.functional.pad(x, [p for t in reversed(totals) for p in (t // 2, t - t // 2)])
        return function(x, weight, bias, stride, 0, dilation, groups)

    return convolution


def addcmul(x: Tensor, a: Tensor, b: Tensor, *, value: float = 1) -> Tensor:
    return x + a * b * value


def lerp(a: Tensor, b: Tensor, weight: Any) -> Tensor:
    return a + (b - a) * weight


def cosine_similarity(a: Tensor, b: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """Each vector over its own norm, as torch has it: the product of two norms may be next to 0 at both ends
    of a difference and large between.
    """
    lengths = [torch.sqrt((v * v).sum(dim, keepdim=True).clamp_min(eps * eps)) for v in (a, b)]
    return ((a / lengths[0]) * (b / lengths[1])).sum(dim)


def bilinear(a: Tensor, b: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    value = (torch.tensordot(a, weight, ([-1], [1])) * b.unsqueeze(-2)).sum(-1)
    return value if bias is None else value + bias


def squeeze(x: Tensor) -> Tensor:
    """Of dimensions that are 1 for every batch: of one sequence the batch itself is 1, and must stay."""
    return x.squeeze([d for d, size in enumerate(x.shape) if isinstance(size, int) and size == 1])


def convolution_in_words(x, weight, bias, stride, padding, dilation, groups):  # type: ignore[no-untyped-def]
    function = torch.conv1d if weight.ndim == 3 else torch.conv2d
    return conv_same(function)(x, weight, bias, stride, padding, dilation, groups)


LOWERINGS: dict[Any, Callable[..., Any]] = {
    aten.squeeze.default: squeeze,
    aten._convolution_mode.default: convolution_in_words,
    aten.conv1d.padding: conv_same(torch.conv1d),
    aten.conv2d.padding: conv_same(torch.conv2d),
    aten.layer_norm.default: norms.layer_norm,
    aten.rms_norm.default: norms.rms_norm,
    aten.group_norm.default: norms.group_norm,
    aten.instance_norm.default: norms.instance_norm,
    aten.batch_norm.default: norms.batch_norm,
    aten._native_batch_norm_legit_no_training.default: norms.native_batch_norm_eval,
    aten.softmax.int: softmax,
    aten._softmax.default: softmax,
    aten.log_softmax.int: log_softmax,
    aten._log_softmax.default: log_softmax,
    aten.glu.default: glu,
    aten.scaled_dot_product_attention.default: attention,
    aten.amin.default: amin,
    aten.max.default: largest_of_all,
    aten.min.default: smallest_of_all,
    aten.min.dim: minimum_along,
    aten.maximum.default: maximum,
    aten.max.other: maximum,
    aten.minimum.default: minimum,
    aten.min.other: minimum,
    aten.pow.Tensor_Tensor: power,
    aten.pow.Scalar: power_of_scalar,
    aten.rrelu.default: rrelu,
    aten.copy.default: copy_into,
    aten.add.Tensor: add_scaled,
    aten.sub.Tensor: sub_scaled,
    aten.rsub.Scalar: reverse_sub,
    aten.rsub.Tensor: reverse_sub,
    aten.addmm.default: addmm,
    aten.baddbmm.default: addmm,
    aten.addcmul.default: addcmul,
    aten.lerp.Scalar: lerp,
    aten.lerp.Tensor: lerp,
    aten.cosine_similarity.default: cosine_similarity,
    aten.bilinear.default: bilinear,
}
# Functions of one input all the same: what is written out of them keeps the rule of a nonlinearity.
TRANSPARENT = frozenset(
    {
        aten.squeeze.default,
        aten._convolution_mode.default,
        aten.pow.Scalar,
        aten.rrelu.default,
        aten.copy.default,
    }
)
# Recurrent layers, down to one step that walks through time.
LAYERS = {"lstm": aten.lstm.input, "gru": aten.gru.input}
LAYERS |= {"rnn_tanh": aten.rnn_tanh.input, "rnn_relu": aten.rnn_relu.input}
# Written out by torch's own definitions: single recurrent cells, and compositions of the above.
BORROWED = (
    aten.lstm_cell.default,
    aten.gru_cell.default,
    aten.rnn_tanh_cell.default,
    aten.rnn_relu_cell.default,
    aten.einsum.default,
    aten.norm.ScalarOpt_dim,
    aten.frobenius_norm.dim,
    aten.tensordot.default,
    aten.outer.default,
    aten.inner.default,
    aten.diff.default,
)


@functools.cache
def lowering_table() -> dict[Any, Callable[..., Any]]:
    """Every op that is written out, for `ExportedProgram.run_decompositions`."""
    defaults = torch.export.default_decompositions()
    borrowed = {op: decomposition_table.get(op) for op in BORROWED}
    # compositions that torch writes out by themselves are in the export table only, and not in its `get`
    borrowed |= {op: defaults[op] for op in BORROWED if op in defaults and borrowed[op] is None}
    recurrent = {op: written_out(name, decomposition_table[op]) for name, op in LAYERS.items()}
    compositions = {op: function for op, function in borrowed.items() if function} | recurrent
    return compositions | COMPOSITIONS | LOWERINGS


@functools.cache
def composite_names() -> dict[str, str]:
    """What steps are part of that come of such an op, by its short name; of a softmax too the inside has no
    parts. torch's own table takes long to make, and only a model that is captured needs it.
    """
    return {str(op): short_name(str(op)) for op in lowering_table() if op not in TRANSPARENT} | {
        "aten.special_softmax.default": "softmax",
        "aten.special_log_softmax.default": "log_softmax",
    }
