"""Regions in columns: a million of them take some 30 bytes each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
import numpy.typing as npt

from seqattr.dna.regions import Region
from seqattr.support.packed import Numbering, Texts

_AT_ONCE = 1 << 12
Rows = slice | npt.NDArray[np.integer] | npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Places(Sequence[Region]):
    """Regions [start, end) (N,) int64 of the chromosomes `chroms[chrom]`, which read as a list of them does.

    `minus` (N,) bool are those on strand '-'; `offset` (N,) int64 is their summits' distance from the start,
    -1 where none is known.
    """

    chroms: Sequence[str]
    chrom: npt.NDArray[np.int32]
    start: npt.NDArray[np.int64]
    end: npt.NDArray[np.int64]
    names: Sequence[str]
    minus: npt.NDArray[np.bool_]
    offset: npt.NDArray[np.int64] | None = None

    @classmethod
    def of(cls, regions: Sequence[Region]) -> "Places":
        """The columns of regions."""
        if isinstance(regions, Places):
            return regions
        chroms = Numbering()
        chrom = np.array([chroms.number(region.chrom) for region in regions], np.int32)
        start, end = (np.array([getattr(r, part) for r in regions], np.int64) for part in ("start", "end"))
        names = Texts.of(region.name for region in regions)
        minus = np.array([region.strand == "-" for region in regions], bool)
        offset = np.array([-1 if r.summit_offset is None else r.summit_offset for r in regions], np.int64)
        return cls(chroms.texts(), chrom, start, end, names, minus, offset)

    def __len__(self) -> int:
        return len(self.start)

    @overload
    def __getitem__(self, row: int) -> Region: ...
    @overload
    def __getitem__(self, row: slice) -> "Places": ...
    def __getitem__(self, row: int | slice) -> "Region | Places":
        if isinstance(row, slice):
            return self.select(row)
        offset = -1 if self.offset is None else int(self.offset[row])
        return Region(
            self.chroms[int(self.chrom[row])],
            int(self.start[row]),
            int(self.end[row]),
            self.names[row],
            "-" if self.minus[row] else "+",
            None if offset == -1 else offset,
        )

    def __iter__(self) -> Iterator[Region]:
        return (self[row] for row in range(len(self)))

    def select(self, rows: Rows) -> "Places":
        """These rows."""
        offset = None if self.offset is None else self.offset[rows]
        names = picked(self.names, rows)
        return Places(
            self.chroms, self.chrom[rows], self.start[rows], self.end[rows], names, self.minus[rows], offset
        )

    @property
    def summit(self) -> npt.NDArray[np.int64]:
        """The base (N,) that each is about: its peak's summit where known, else its middle."""
        middle: npt.NDArray[np.int64] = (self.start + self.end) // 2
        if self.offset is None:
            return middle
        return np.where(self.offset == -1, middle, self.start + self.offset)


def picked(texts: Sequence[str], rows: Rows) -> Sequence[str]:
    """The texts of rows: of what can, as a view."""
    select = getattr(texts, "select", None)
    if select is not None:
        selected: Sequence[str] = select(rows)
        return selected
    return [texts[row] for row in np.arange(len(texts))[rows].tolist()]
