"""Norms written out in means, products and square roots; each has the signature of its ATen op."""

from collections.abc import Sequence

import torch
from torch import Tensor


def standardise(x: Tensor, dims: list[int], eps: float) -> Tensor:
    """(x - mean) / sqrt(mean of squares + eps) over `dims`."""
    centred = x - x.mean(dims, keepdim=True)
    return centred * torch.rsqrt((centred * centred).mean(dims, keepdim=True) + eps)


def affine(x: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    """x * weight + bias, either of which may be missing."""
    x = x if weight is None else x * weight
    return x if bias is None else x + bias


def per_channel(tensor: Tensor | None, like: Tensor) -> Tensor | None:
    """A (C) tensor shaped to broadcast along dimension 1 of `like`."""
    return None if tensor is None else tensor.view(-1, *[1] * (like.ndim - 2))


def layer_norm(
    x: Tensor,
    shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
    cudnn: bool = True,
) -> Tensor:
    return affine(standardise(x, [-1 - i for i in range(len(shape))], eps), weight, bias)


def rms_norm(
    x: Tensor, shape: Sequence[int], weight: Tensor | None = None, eps: float | None = None
) -> Tensor:
    dims = [-1 - i for i in range(len(shape))]
    eps = torch.finfo(x.dtype).eps if eps is None else eps
    return affine(x * torch.rsqrt((x * x).mean(dims, keepdim=True) + eps), weight, None)


def group_norm(
    x: Tensor,
    groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
    cudnn: bool = True,
) -> Tensor:
    grouped = x.reshape(x.shape[0], groups, -1)
    normed = standardise(grouped, [-1], eps).reshape(x.shape)
    return affine(normed, per_channel(weight, x), per_channel(bias, x))


def batch_norm_eval(
    x: Tensor, weight: Tensor | None, bias: Tensor | None, mean: Tensor, var: Tensor, eps: float
) -> Tensor:
    scale = torch.rsqrt(var + eps)
    scale = scale if weight is None else scale * weight
    shift = -mean * scale
    shift = shift if bias is None else shift + bias
    return affine(x, per_channel(scale, x), per_channel(shift, x))


def batch_norm(x, weight, bias, mean, var, training, momentum, eps, cudnn):  # type: ignore[no-untyped-def]
    return NotImplemented if training else batch_norm_eval(x, weight, bias, mean, var, eps)


def native_batch_norm_eval(x, weight, bias, mean, var, momentum, eps):  # type: ignore[no-untyped-def]
    empty = x.new_empty(0)
    return batch_norm_eval(x, weight, bias, mean, var, eps), empty, empty


def instance_norm(x, weight, bias, mean, var, use_input_stats, momentum, eps, cudnn):  # type: ignore[no-untyped-def]
    if not use_input_stats:
        return batch_norm_eval(x, weight, bias, mean, var, eps)
    normed = standardise(x, list(range(2, x.ndim)), eps)
    return affine(normed, per_channel(weight, x), per_channel(bias, x))
