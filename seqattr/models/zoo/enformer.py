"""A small transformer after Enformer: Avsec et al. 2021, "Effective gene expression prediction from sequence
by integrating long-range interactions" (Nature Methods), figure 1, Methods and extended data figure 1.

What is the paper's: a conv stem and a conv tower in blocks of batch norm, GELU and conv, with a residual conv
of width 1 and attention pooling by two; transformer blocks with relative positions; a pointwise conv. What
is smaller: 96 channels instead of 1,536, three poolings instead of seven, two blocks of 4 heads instead of
eleven of 8, relative positions by exponentials and central masks alone (no gamma densities), no dropout
within the attention, and one number for each task of the whole sequence (its mean over positions) instead
of one for each bin of 128 bp.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from seqattr.models.zoo.parts import Conv1d, Stack, stack


class Gelu(nn.Module):
    """x * sigmoid(1.702 x), the paper's approximation."""

    def forward(self, values: Tensor) -> Tensor:
        return values * torch.sigmoid(1.702 * values)


class Residual(nn.Module):
    """What layers give, and what they were given."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.layers = nn.Sequential(*layers)

    def forward(self, values: Tensor) -> Tensor:
        return values + self.layers(values)


class AttentionPool(nn.Module):
    """Two positions of (N, C, L) to one, each channel weighed by a softmax over the two; an odd end goes."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Conv1d(channels, channels, 1, bias=False)

    def forward(self, hidden: Tensor) -> Tensor:
        pairs = hidden[:, :, : hidden.shape[2] // 2 * 2].unflatten(2, (-1, 2))
        weights = self.weight(pairs.flatten(2)).unflatten(2, (-1, 2)).softmax(3)
        return (pairs * weights).sum(3)


class Attention(nn.Module):
    """Heads that look at all positions of (N, L, C), by what is there and by how far away it is.

    The logits of a head are (q_i + u) k_j + (q_i + v) r_(j-i) over the root of the keys' size; r is linear
    in features of the distance j - i and of its sign.
    """

    def __init__(self, channels: int, heads: int, features: int = 16) -> None:
        super().__init__()
        if channels % heads:
            raise ValueError(f"{heads} heads cannot share {channels} channels alike")
        self.heads, self.features = heads, features
        self.queries, self.keys, self.values = (nn.Linear(channels, channels, bias=False) for _ in range(3))
        self.positions = nn.Linear(2 * features, channels, bias=False)
        self.content_bias = nn.Parameter(torch.zeros(heads, 1, channels // heads))
        self.position_bias = nn.Parameter(torch.zeros(heads, 1, channels // heads))
        self.out = nn.Linear(channels, channels)

    def forward(self, hidden: Tensor) -> Tensor:
        queries, keys, values = (
            layer(hidden).unflatten(2, (self.heads, -1)).transpose(1, 2)
            for layer in (self.queries, self.keys, self.values)
        )
        queries = queries * keys.shape[-1] ** -0.5
        logits = (queries + self.content_bias) @ keys.transpose(2, 3)
        logits = logits + self.by_distance(queries + self.position_bias)
        return self.out((logits.softmax(3) @ values).transpose(1, 2).flatten(2))

    def by_distance(self, queries: Tensor) -> Tensor:
        """(q_i + v) r_(j-i) for all i and j, (N, heads, L, L)."""
        features = distances(queries.shape[2], self.features).to(queries)
        keys = self.positions(features).unflatten(2, (self.heads, -1)).permute(2, 0, 3, 1)
        return (queries.permute(1, 2, 0, 3) @ keys).permute(2, 0, 1, 3)  # as (heads, i, N, j)


def distances(positions: int, features: int) -> Tensor:
    """Features (L, L, 2 F) of each j - i: half of them decay, half of them are 1 up to some distance, and
    each once more with the sign of j - i.
    """
    indices = torch.arange(positions)
    apart = indices[None, :] - indices[:, None]
    scales = 2.0 ** torch.arange(1, features // 2 + 1)
    away = apart.abs()[:, :, None]
    both = torch.cat([torch.exp(-away / scales), (away < scales).float()], 2)
    return torch.cat([both, both * apart.sign()[:, :, None]], 2)


class Transposed(nn.Module):
    """(N, C, L) to (N, L, C), and back."""

    def forward(self, hidden: Tensor) -> Tensor:
        return hidden.transpose(1, 2)


def enformer_small(
    length: int,
    tasks: int,
    channels: int = 96,
    tower: int = 2,
    attention: Sequence[int] = (2, 4),
    classes: bool = True,
) -> Stack:
    """A stem of half the channels and a `tower` of convs, each pooled by two; transformer blocks, as many as
    the first of `attention`, with as many heads as the second; a pointwise conv.
    """
    sizes, (blocks, heads) = [channels // 2, *[channels] * tower], attention
    return stack(
        classes,
        *(Conv1d(4, sizes[0], 15), *_pooled(sizes[0])),
        *(layer for before, size in pairwise(sizes) for layer in _tower(before, size)),
        Transposed(),
        *(block for _ in range(blocks) for block in _transformer(channels, heads)),
        Transposed(),
        *(*_conv_block(channels, 2 * channels, 1), nn.Dropout(0.05), Gelu()),
        *(nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(2 * channels, tasks)),
    )


def shortest(tower: int = 2, **_: object) -> int:
    """The bases of which the poolings leave one position."""
    return int(2 ** (1 + tower))


def _conv_block(inputs: int, outputs: int, width: int) -> list[nn.Module]:
    return [nn.BatchNorm1d(inputs), Gelu(), Conv1d(inputs, outputs, width)]


def _pooled(channels: int) -> list[nn.Module]:
    return [Residual(*_conv_block(channels, channels, 1)), AttentionPool(channels)]


def _tower(inputs: int, outputs: int) -> list[nn.Module]:
    """A conv of width 5, and pooling."""
    return [*_conv_block(inputs, outputs, 5), *_pooled(outputs)]


def _transformer(channels: int, heads: int) -> list[nn.Module]:
    """Attention, and two dense layers at each position, each behind a layer norm."""
    hidden = 2 * channels
    return [
        Residual(nn.LayerNorm(channels), Attention(channels, heads), nn.Dropout(0.4)),
        Residual(
            *(nn.LayerNorm(channels), nn.Linear(channels, hidden), nn.Dropout(0.4), nn.ReLU()),
            *(nn.Linear(hidden, channels), nn.Dropout(0.4)),
        ),
    ]
