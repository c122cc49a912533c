"""Files as modisco-lite writes them."""

from collections.abc import Mapping
from pathlib import Path

import h5py
import numpy as np

RECORDED = Path(__file__).parents[1] / "data" / "modisco" / "both.modisco.h5"


def write_modisco_like(path: Path, patterns: Mapping[str, tuple[np.ndarray, np.ndarray, int]]) -> Path:
    """<sign>_patterns/pattern_<n> -> shares of the bases (4, w), contributions (4, w), number of seqlets."""
    with h5py.File(path, "w") as file:
        file.attrs["window_size"] = 400
        for name, (shares, contributions, seqlets) in patterns.items():
            group = file.create_group(name)
            group["sequence"] = shares.T
            group["contrib_scores"] = contributions.T
            group["hypothetical_contribs"] = contributions.T
            group["seqlets/n_seqlets"] = np.array([seqlets])
    return path


def pattern(word: str, flank: int = 5, weight: float = 1.0) -> tuple[np.ndarray, np.ndarray, int]:
    """A pattern whose core is a word of A C G T, each base with the same contribution."""
    one_hot = (np.array(list("ACGT"))[:, None] == np.array(list(word))).astype(float)
    rest = np.full((4, flank), 0.25)
    shares = np.hstack([rest, 0.94 * one_hot + 0.015, rest])
    return shares, np.hstack([0.05 * weight * rest, weight * one_hot, 0.05 * weight * rest]), 10 * len(word)
