"""Sequences and what they are compared with, as codes or as values, on their way to a device."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from seqattr.dna.alphabet import UNKNOWN
from seqattr.engine.numerics import fused
from seqattr.engine.walk.memory import Chunk
from seqattr.engine.walk.session import Session, one_hot_tensor, tensor_of
from seqattr.errors import InputError

Rows = slice | int | tuple[slice | int, ...]


@dataclass(frozen=True)
class Bases:
    """Codes (..., L), a byte each, or values (..., 4, L) of the four bases."""

    data: Tensor
    coded: bool

    @property
    def lead(self) -> torch.Size:
        """The dimensions before a sequence's own."""
        return self.data.shape[: -1 if self.coded else -2]

    @property
    def length(self) -> int:
        return self.data.shape[-1]

    @property
    def row_bytes(self) -> int:
        return self.data[:1].numel() * self.data.element_size()

    def __getitem__(self, rows: Rows) -> "Bases":
        return replace(self, data=self.data[rows])

    def values(self, dtype: torch.dtype) -> Tensor:
        """(..., 4, L), made where the bases are."""
        return fused.one_hot(self.data, dtype) if self.coded else self.data.to(dtype)

    def mirrored(self) -> "Bases":
        """The other strand."""
        if not self.coded:
            return replace(self, data=self.data.flip(-2, -1))
        codes = self.data.flip(-1)
        return replace(self, data=torch.where(codes < UNKNOWN, UNKNOWN - 1 - codes, codes))

    def without(self, row: int) -> "Bases":
        """With nothing but N in a row."""
        data = self.data.clone()
        data[row] = UNKNOWN if self.coded else 0
        return replace(self, data=data)


@dataclass(frozen=True)
class Comparison:
    """N sequences with references (N, R) of their own, or R that all share.

    `key` is the same for the same shared references, call after call, where there is one.
    """

    sequences: Bases
    references: Bases
    shared: bool
    key: Hashable = None

    def __len__(self) -> int:
        return len(self.sequences.data)

    @property
    def number(self) -> int:
        """Of references that a sequence has."""
        return self.references.lead[-1]

    @property
    def length(self) -> int:
        return self.sequences.length

    @property
    def row_bytes(self) -> int:
        """What a sequence and its own references take."""
        return self.sequences.row_bytes + (0 if self.shared else self.references.row_bytes)

    def __getitem__(self, rows: slice) -> "Comparison":
        """Some of the sequences."""
        references = self.references if self.shared else self.references[rows]
        return replace(self, sequences=self.sequences[rows], references=references)

    def chunk(self, chunk: Chunk, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        """Sequences (B, 4, L) and references (B, R, 4, L), or (1, R, 4, L) if shared."""
        which = (slice(None) if self.shared else chunk.sequences, chunk.references)
        pool = replace(self.references, data=self.references.data[None]) if self.shared else self.references
        return self.sequences[chunk.sequences].values(dtype), pool[which].values(dtype)

    def pair(self, row: int) -> tuple[Tensor, Tensor]:
        """A sequence and the first of its references, (4, L) each."""
        return values_of(self.sequences[row]), values_of(self.references[0 if self.shared else (row, 0)])

    def mirrored(self) -> "Comparison":
        """The other strand of the sequences, with that of the references."""
        key = None if self.key is None else ("mirrored", self.key)
        return replace(
            self, sequences=self.sequences.mirrored(), references=self.references.mirrored(), key=key
        )

    def without(self, row: int) -> "Comparison":
        """With nothing but N for a sequence and for references of its own."""
        references = self.references if self.shared else self.references.without(row)
        return replace(self, sequences=self.sequences.without(row), references=references)

    def on(self, session: Session) -> "Comparison":
        """On the session's device; to a GPU it travels while the host goes on."""
        carried, key = replace(self.sequences, data=session.carry(self.sequences.data)), self.key
        if self.shared and session.device.type == "cuda" and self.references.data.is_cpu:
            data, key = session.carry_shared(self.references.data)
        else:
            data = session.carry(self.references.data)
        return replace(self, sequences=carried, references=replace(self.references, data=data), key=key)


def values_of(bases: Bases) -> Tensor:
    """Codes as float32, values as they are."""
    return bases.values(torch.float32) if bases.coded else bases.data


# --- from what a caller gives --------------------------------------------------------------------


def compare(sequences: Any, references: Any = None) -> Comparison:
    """Sequences (N, 4, L), or their codes (N, L) of uint8, with references.

    These are (N, R, 4, L), or (R, 4, L) shared by all; beside codes, what is of uint8 are codes (N, R, L) or
    (R, L). None is one reference of zeros. What has a stride of 0 along N is shared.
    Raises InputError for what does not fit.
    """
    coded = is_codes(sequences, 2)
    bases = Bases(checked_codes(sequences), True) if coded else Bases(one_hot_tensor(sequences), False)
    if coded and (references is None or is_codes(references, 2) or is_codes(references, 3)):
        pool = coded_pool(references, bases.data)
        return Comparison(bases, Bases(pool, True), pool.ndim == 2)
    pool = reference_pool(references, (*bases.lead, 4, bases.length))
    return Comparison(bases, Bases(pool, False), pool.ndim == 3)


def is_codes(bases: Any, dimensions: int) -> bool:
    """Whether these are codes, of so many dimensions, by their type."""
    kind = getattr(bases, "dtype", None)
    return kind in (np.uint8, torch.uint8) and bases.ndim == dimensions


def checked_codes(codes: Any) -> Tensor:
    """Raises InputError for what is no code."""
    tensor = tensor_of(codes)
    if tensor.numel() and int(tensor.max()) > UNKNOWN:
        raise InputError("codes must be whole numbers from 0 to 4 (A C G T N)")
    return tensor


def coded_pool(references: Any, codes: Tensor) -> Tensor:
    """Codes (R, L) where all sequences (N, L) share the references, else (N, R, L); N for None."""
    if references is None:
        return torch.full((1, codes.shape[1]), UNKNOWN, dtype=torch.uint8)
    pool = checked_codes(once(references, 3))
    check_fit(pool, codes.shape, 2, "(N, R, L) or (R, L)")
    return pool


def reference_pool(references: Any, shape: Sequence[int]) -> Tensor:
    """(R, 4, L) where all sequences share the references, else (N, R, 4, L); one of zeros for None.

    Raises InputError for what does not fit the sequences' shape (N, 4, L).
    """
    if references is None:
        return torch.zeros(1, *shape[1:])
    pool = tensor_of(once(references, 4), "references")
    if pool.ndim not in (3, 4) or pool.shape[-2] != 4:
        raise InputError(f"references must have the shape (N, R, 4, L) or (R, 4, L), not {tuple(pool.shape)}")
    check_fit(pool, shape, 3, "(N, R, 4, L) or (R, 4, L)")
    return pool


def once(references: Any, dimensions: int) -> Any:
    """What is repeated along N with a stride of 0, once."""
    if isinstance(references, str):
        drawn = f"seqattr.references('{references}', sequences) would be, if that is what is meant"
        raise InputError(f"references must be an array or a list of texts, not '{references}': {drawn}")
    if not hasattr(references, "ndim"):
        references = tensor_of(references, "references")
    strides = getattr(references, "strides", None) or references.stride()
    repeated = references.ndim == dimensions and len(references) > 1 and strides[0] == 0
    return references[0] if repeated else references


def check_fit(pool: Tensor, shape: Sequence[int], shared: int, wanted: str) -> None:
    """Raises InputError where references do not fit sequences; shared ones have so many dimensions."""
    lead, number = tuple(shape[: pool.ndim - shared]), pool.shape[pool.ndim - shared]
    if pool.shape != (*lead, number, *shape[1:]) or number == 0:
        raise InputError(
            f"references of the shape {tuple(pool.shape)} do not fit sequences of the shape "
            f"{tuple(shape)}; {wanted} with R at least 1 would"
        )
