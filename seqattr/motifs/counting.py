"""Which stretches of rows count where several rows hold one place, for a block of rows at a time."""

from collections.abc import Iterable

import numpy as np

from seqattr.dna.loci import Loci, counted, positions_in


class Counting:
    """Which stretches of rows count: of those of one place that several rows hold, one."""

    def __init__(self, loci: Loci, widths: Iterable[int]) -> None:
        self._starts = {width: loci.counting_starts(width).astype(np.int32) for width in {1, *widths}}

    def bases(self, rows: slice, length: int) -> np.ndarray:
        """(B, L) the bases of these rows that count."""
        return positions_in(self._starts[1][rows], length)

    def counts(self, row: np.ndarray, start: np.ndarray, width: np.ndarray) -> np.ndarray:
        """Which stretches [start, start + width) (K,) do."""
        return counted(self._starts.__getitem__, row, start, width)
