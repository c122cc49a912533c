"""Seeded sequences and references, in float64."""

import numpy as np
import torch
from torch import Tensor

LENGTH = 24
FREQUENCIES = torch.tensor([0.3, 0.2, 0.2, 0.3])


def one_hot(n: int = 3, length: int = LENGTH, seed: int = 0) -> Tensor:
    """Random sequences (n, 4, length)"""
    codes = np.random.default_rng(seed).integers(0, 4, (n, length))
    return torch.eye(4, dtype=torch.float64)[codes].transpose(1, 2).contiguous()


def shuffled(sequences: Tensor, references: int = 2, seed: int = 1) -> Tensor:
    """Each sequence with its positions in random orders, (N, R, 4, L)."""
    rng = np.random.default_rng(seed)
    orders = [rng.permutation(sequences.shape[2]) for _ in range(len(sequences) * references)]
    pool = sequences.repeat_interleave(references, 0)
    rows = [row[:, torch.from_numpy(order)] for row, order in zip(pool, orders, strict=True)]
    return torch.stack(rows).unflatten(0, (len(sequences), references))


def frequency(length: int = LENGTH) -> Tensor:
    """The bases' frequencies at every position, (1, 4, length), shared."""
    return FREQUENCIES.double()[None, :, None].expand(1, 4, length)
