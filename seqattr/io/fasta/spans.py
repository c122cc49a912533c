"""What several regions cover, each base once, one stretch behind the other."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from seqattr.dna.overlaps import running_max

Numbers = npt.NDArray[np.int64]


class Stretch(NamedTuple):
    """Bases [start, end) of a chromosome, of which the first comes to the place `at`."""

    start: int
    end: int
    at: int


class Spans:
    """The bases that regions [start, end) (N,) of numbered chromosomes cover, as stretches in a row.

    `at` (N,) is where each region's first base comes to; `size` is the number of bases.
    """

    def __init__(self, chrom: npt.NDArray[np.int32], start: Numbers, end: Numbers) -> None:
        start = np.maximum(start, 0)
        end = np.maximum(end, start)
        order = np.lexsort((start, chrom))
        begins, chroms = start[order], chrom[order]
        reach = running_max(end[order], np.cumsum(np.diff(chroms, prepend=chroms[:1]) != 0))
        fresh = np.ones(len(order), bool)
        fresh[1:] = (chroms[1:] != chroms[:-1]) | (begins[1:] > reach[:-1])
        first = np.flatnonzero(fresh)
        last = np.append(first[1:], len(order))[: len(first)] - 1
        self._chrom, self._start, self._end = chroms[first], begins[first], reach[last]
        ends = np.cumsum(self._end - self._start)
        self._at = ends - (self._end - self._start)
        self.size = int(ends[-1]) if len(ends) else 0
        self.at = np.empty(len(order), np.int64)
        stretch = np.cumsum(fresh) - 1
        self.at[order] = self._at[stretch] + begins - self._start[stretch]

    def by_chromosome(self) -> Mapping[int, list[Stretch]]:
        """The stretches of each chromosome in rising order."""
        stretches: dict[int, list[Stretch]] = {}
        columns = (column.tolist() for column in (self._chrom, self._start, self._end, self._at))
        for chrom, *places in zip(*columns, strict=True):
            stretches.setdefault(chrom, []).append(Stretch(*places))
        return stretches
