"""A way to get references, and what those of every kind have in common: where a sequence is N, they are N."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from seqattr.dna.alphabet import UNKNOWN, are_texts, check_not_empty, codes_of, one_hot
from seqattr.errors import InputError

# The names of the sequences, where they are known.
Names = Sequence[str] | None

# codes (N, L), seed, names -> codes (N, R, L)
DrawCodes = Callable[[np.ndarray, int, Names], np.ndarray]


@dataclass(frozen=True)
class Reference:
    """A way to get references, read from a text such as "shuffle:10".

    number is R, the references per sequence; shared says that all sequences have the same ones (but for
    their N's). They are drawn as sequences, or are frequencies of A, C, G, T, the same at every position.
    """

    name: str
    spec: str
    number: int
    shared: bool
    _draw: DrawCodes | None = field(default=None, repr=False, compare=False)
    _frequencies: Sequence[float] = field(default=(), repr=False, compare=False)

    def draw(self, sequences: ArrayLike, seed: int = 0, names: Names = None) -> np.ndarray:
        """The references (N, R, 4, L) of one-hot sequences (N, 4, L): int8, or float32 for frequencies.

        Only a FASTA file with one reference per sequence looks at the names. Shared references have stride 0
        along N. Raises InputError when the sequences are not one-hot or a reference is not as long as they.
        """
        codes = codes_of(sequence_array(sequences))
        drawn = self.draw_codes(codes, seed, names)
        return _one_hot(drawn) if drawn is not None else _but_unknown(self.values(codes.shape[1]), codes)

    def draw_codes(self, codes: np.ndarray, seed: int = 0, names: Names = None) -> np.ndarray | None:
        """The references as codes (N, R, L) of sequences as codes (N, L), uint8, 4 for N.

        None where references are frequencies, which `values` has. Zeros are 4 everywhere. Shared ones have
        stride 0 along N, unless a sequence's N's had to be cut out of them. Several threads may call it, and
        then draw at the same time. Raises InputError as `draw` does.
        """
        return None if self._draw is None else self._draw(codes, seed, names)

    def values(self, length: int) -> np.ndarray:
        """The frequencies (R, 4, L), float32, that all sequences share, each but where it is N.

        A view with stride 0 along L. There are none, R is 0, where references are sequences that `draw_codes`
        draws.
        """
        frequencies = np.array(self._frequencies, np.float32).reshape(-1, 4, 1)
        return np.broadcast_to(frequencies, (len(frequencies), 4, length))

    @staticmethod
    def degenerate(sequences: ArrayLike, drawn: ArrayLike | None) -> np.ndarray:
        """The indices of sequences (N, 4, L) that all of their references (N, R, 4, L) are equal to.

        Codes (N, L) and (N, R, L) do as well. Where there are none, but frequencies, drawn is None: the
        sequences that are N everywhere.
        """
        array = np.asarray(sequences)
        if drawn is None:
            return np.flatnonzero((array == UNKNOWN).all(axis=-1))
        same = np.arange(len(array))
        references = np.asarray(drawn)
        for r in range(
            references.shape[1]
        ):  # few sequences equal the first: the others are looked at no more
            equal = references[same, r] == array[same]
            same = same[equal.all(axis=tuple(range(1, equal.ndim)))]
        return same


def sequence_array(sequences: ArrayLike) -> np.ndarray:
    """An array (N, 4, L), of sequences that are numpy's or anybody else's, or a list of texts."""
    array = one_hot(sequences) if are_texts(sequences) else np.asarray(sequences)
    check_not_empty(array.shape)
    if array.ndim != 3 or array.shape[1] != 4:
        raise InputError(f"sequences must be one-hot with shape (N, 4, L), not {array.shape}")
    return array


def for_all(shared: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Codes (R, L) for each of the sequences (N, L): a view, unless one's N's must be cut out of it."""
    return without_unknown(np.broadcast_to(shared, (len(codes), *shared.shape)), codes)


def without_unknown(drawn: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """References (N, R, L) that are N wherever their sequence (N, L) has none of the four bases."""
    known = codes != UNKNOWN
    return drawn if known.all() else np.where(known[:, None], drawn, np.uint8(UNKNOWN))


def _one_hot(drawn: np.ndarray) -> np.ndarray:
    """(N, R, 4, L) of codes (N, R, L): a view where they are one."""
    if drawn.strides[0] == 0 and len(drawn):
        return np.broadcast_to(one_hot(drawn[0]), (*drawn.shape[:2], 4, drawn.shape[2]))
    return one_hot(drawn)


def _but_unknown(values: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Values (R, 4, L) for each of the sequences (N, L): a view, unless one's N's must be cut out of it."""
    shared, known = np.broadcast_to(values, (len(codes), *values.shape)), codes != UNKNOWN
    return shared if known.all() else shared * known[:, None, None]
