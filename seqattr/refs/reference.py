"""A way to get references, and what those of every kind have in common: where a sequence is N, they are N."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from seqattr.dna.alphabet import UNKNOWN, codes_of
from seqattr.errors import InputError

# The names of the sequences, where they are known.
Names = Sequence[str] | None

# codes (N, L), seed, names -> one-hot (N, R, 4, L)
Draw = Callable[[np.ndarray, int, Names], np.ndarray]


@dataclass(frozen=True)
class Reference:
    """A way to get references, read from a text such as "shuffle:10".

    number is R, the references per sequence; shared says that all sequences have the same ones (but for
    their N's).
    """

    name: str
    spec: str
    number: int
    shared: bool
    _draw: Draw = field(repr=False, compare=False)

    def draw(self, sequences: ArrayLike, seed: int = 0, names: Names = None) -> np.ndarray:
        """The references (N, R, 4, L) of one-hot sequences (N, 4, L): int8, or float32 for frequencies.

        Only a FASTA file with one reference per sequence looks at the names. Shared references have stride 0
        along N. Raises InputError when the sequences are not one-hot or a reference is not as long as they.
        """
        return self._draw(codes_of(sequence_array(sequences)), seed, names)

    @staticmethod
    def degenerate(sequences: ArrayLike, drawn: ArrayLike) -> np.ndarray:
        """The indices of sequences (N, 4, L) that all of their references (N, R, 4, L) are equal to."""
        same = np.asarray(drawn) == np.asarray(sequences)[:, None]
        return np.flatnonzero(same.all(axis=(1, 2, 3)))


def sequence_array(sequences: ArrayLike) -> np.ndarray:
    """An array (N, 4, L), of sequences that are numpy's or anybody else's."""
    array = np.asarray(sequences)
    if array.ndim != 3 or array.shape[1] != 4:
        raise InputError(f"sequences must be one-hot with shape (N, 4, L), not {array.shape}")
    return array


def for_all(shared: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """(R, 4, L) for each of the sequences (N, L): a view, unless a sequence's N's must be cut out of it."""
    return without_unknown(np.broadcast_to(shared, (len(codes), *shared.shape)), codes)


def without_unknown(drawn: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """References (N, R, 4, L) with a zero column wherever their sequence has none of the four bases."""
    known = codes != UNKNOWN
    return drawn if known.all() else drawn * known[:, None, None, :]
