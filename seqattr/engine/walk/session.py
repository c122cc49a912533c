"""Sequences as a method is given them: arrays, tensors and lists of any kind, or made when asked for."""

from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from seqattr.errors import InputError


class Sequences(Protocol):
    """One-hot sequences (N, 4, L), a slice of rows at a time: an array, a tensor, or made when asked for."""

    @property
    def shape(self) -> Any: ...

    def __getitem__(self, rows: slice, /) -> Any: ...


def tensor_of(numbers: Any) -> Tensor:
    """What an array, a tensor or a list holds, without its gradient.

    All but tensors are copied: torch takes no array that is read backwards, as the reverse complement is,
    and warns of one that may only be read. Raises InputError for what are no numbers.
    """
    if isinstance(numbers, Tensor):
        return numbers.detach()
    try:
        return torch.from_numpy(np.array(numbers))
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(f"sequences must be arrays of numbers: {error}") from error


def sliced(sequences: Any) -> Sequences:
    """Sequences that know their shape: a list becomes a tensor."""
    given: Sequences = sequences if hasattr(sequences, "shape") else tensor_of(sequences)
    return given


def check_shape(sequences: Sequences, batch_size: int | None) -> int:
    """The number of sequences. Raises InputError for what are no sequences, or no size of a batch."""
    shape = tuple(sequences.shape)
    if len(shape) != 3 or shape[1] != 4 or not shape[0]:
        raise InputError(f"sequences must have the shape (N, 4, L) with N at least 1, not {shape}")
    if batch_size is not None and batch_size < 1:
        raise InputError(f"the batch size must be at least 1, not {batch_size}")
    return int(shape[0])
