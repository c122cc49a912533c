"""Base frequencies: given, or counted. A background of log-odds, and what `freq` compares with."""

from collections.abc import Sequence

import numpy as np

from seqattr.dna.alphabet import UNKNOWN
from seqattr.errors import InputError

# The frequencies of A, C, G, T that the paper compares with (Shrikumar et al. 2017, section 4.2).
BACKGROUND = (0.3, 0.2, 0.2, 0.3)
UNIFORM = (0.25, 0.25, 0.25, 0.25)


def background_of(frequencies: Sequence[float] | np.ndarray) -> np.ndarray:
    """Four frequencies (A, C, G, T), scaled to sum to 1. Raises InputError if they are none."""
    background = np.asarray(frequencies, dtype=np.float64)
    if background.shape != (4,) or not (background > 0).all() or abs(background.sum() - 1) > 1e-3:
        given = ", ".join(f"{value:g}" for value in background.ravel())
        raise InputError(f"base frequencies are four positive numbers (A,C,G,T) that sum to 1, not {given}")
    return background / background.sum()


def measured_background(codes: np.ndarray, strand: str = "both") -> np.ndarray:
    """The frequencies (4,) of A, C, G, T in codes (N, L), each counted once more so that none is 0.

    For both strands, A has that of T and C that of G; the reverse strand has those of the other bases.
    """
    return background_from(np.bincount(codes.ravel(), minlength=UNKNOWN + 1)[:4], strand)


def background_from(counts: np.ndarray, strand: str) -> np.ndarray:
    """The same from the numbers (4,) of the bases."""
    counts = 1.0 + counts
    counts = {"both": counts + counts[::-1], "forward": counts, "reverse": counts[::-1]}[strand]
    return counts / counts.sum()
