"""The stretch of each sequence that a figure shows: the strongest, as long as a screen shows legibly."""

from itertools import islice
from typing import NamedTuple

import numpy as np

from seqattr.dna.loci import Loci, positions_in
from seqattr.io.hdf5.stored import StoredContributions

# What a screen shows legibly of one sequence.
DRAWN_BASES = 120


class Excerpt(NamedTuple):
    """The bases [start, end) of a row, the strongest of it."""

    row: int
    start: int
    contributions: np.ndarray  # (w,)
    one_hot: np.ndarray  # (4, w)

    @property
    def end(self) -> int:
        return self.start + len(self.contributions)


class StrongestExcerpts:
    """The stretch of each of N rows whose contributions sum to most in absolute value, at most one of each.

    They begin and end with a base at the latest, and those of overlapping sequences do not overlap.
    """

    def __init__(self, loci: Loci) -> None:
        self.loci = loci
        self.widths = np.minimum(loci.end - loci.first, DRAWN_BASES)
        self.allowed = np.zeros((len(loci), 2), np.int64)
        for width in np.unique(self.widths[self.widths > 0]).tolist():
            some = self.widths == width
            self.allowed[some] = loci.counting_starts(width)[some]
        self.sums, self.starts = np.full(len(loci), -np.inf), np.zeros(len(loci), np.int64)

    def add(self, rows: slice, contributions: np.ndarray) -> None:
        """The contributions (B, L) of some rows."""
        upto = np.pad(abs(contributions).cumsum(axis=1, dtype=np.float64), [(0, 0), (1, 0)])
        widths = self.widths[rows]
        for width in np.unique(widths[widths > 0]).tolist():
            some = np.flatnonzero(widths == width)
            sums = upto[some, width:] - upto[some, :-width]
            sums[~positions_in(self.allowed[rows][some], sums.shape[1])] = -np.inf
            self.starts[rows.start + some] = sums.argmax(axis=1)
            self.sums[rows.start + some] = sums.max(axis=1)

    def excerpts(self, file: StoredContributions, count: int) -> list[Excerpt]:
        """The strongest of all, read from the file that they are of."""
        order = np.argsort(-self.sums, kind="stable")[: np.isfinite(self.sums).sum()]
        apart = islice(self.loci.apart(order, self.starts[order], DRAWN_BASES), count)
        return [self._excerpt(file, int(order[number])) for number in apart]

    def _excerpt(self, file: StoredContributions, row: int) -> Excerpt:
        start = int(self.starts[row])
        bases = slice(start, start + int(self.widths[row]))
        return Excerpt(row, start, file.contributions(row, bases), file.one_hot[row, :, bases])
