"""Places on a genome: parsing, centred windows, genome order, and cutting where windows overlap.

All coordinates are 0-based and half-open, as in BED.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from seqattr.dna.overlaps import cut
from seqattr.errors import InputError


@dataclass(frozen=True)
class Region:
    """The bases [start, end) of a chromosome; on strand '-' its sequence is the reverse complement.

    `summit_offset` is the distance of a peak's summit from `start` (narrowPeak's column 10), where known.
    """

    chrom: str
    start: int
    end: int
    name: str = ""
    strand: str = "+"
    summit_offset: int | None = None

    def __str__(self) -> str:
        return f"{self.chrom}:{self.start}-{self.end}"

    @property
    def summit(self) -> int:
        """The base the region is about: its peak summit where known, else its middle."""
        if self.summit_offset is None:
            return (self.start + self.end) // 2
        return self.start + self.summit_offset


_HEADER = re.compile(
    r"(?:(?P<name>.*)::)?(?P<chrom>.+):(?P<start>[\d,]+)-(?P<end>[\d,]+)(?:\((?P<strand>[-+.])\))?",
    re.ASCII,
)
_DIGITS = 18  # of numbers that fit 64 bits


def parse_header(header: str, length: int) -> Region | None:
    """The region that the first word of a FASTA header names, if it names one of `length` bases.

    Understood are chr1:100-200 (0-based half-open if that gives `length`, else 1-based inclusive as samtools
    writes), the same with (+) or (-) behind it, and bedtools' name::chr1:100-200(+).
    """
    words = header.split(maxsplit=1)
    fields = _HEADER.fullmatch(words[0]) if words else None
    if fields is None:
        return None
    start, end = whole(fields["start"]), whole(fields["end"])
    if start is None or end is None or length < 1:
        return None
    first = {length: start, length - 1: start - 1}.get(end - start, -1)
    strand = "-" if fields["strand"] == "-" else "+"
    return None if first < 0 else Region(fields["chrom"], first, end, fields["name"] or "", strand)


def whole(digits: str) -> int | None:
    """A number with or without thousands' commas; None for commas alone, and for what is no base's number."""
    bare = digits.replace(",", "")
    return int(bare) if 0 < len(bare) <= _DIGITS else None


def window(region: Region, length: int) -> Region:
    """The window of `length` bases [summit - length // 2, ...) around a region's summit.

    It may begin before the chromosome does; who reads its sequence checks that. Raises InputError for a
    length below 1.
    """
    if length < 1:
        raise InputError(f"a window needs a length of at least 1 base, not {length}")
    start = region.summit - length // 2
    return replace(region, start=start, end=start + length, summit_offset=None)


@dataclass(frozen=True)
class RegionColumns:
    """N regions as columns: their chromosomes are `chroms[chrom]`, their strands '-' where `minus`.

    `names` may be any sequence whose slices are sequences of texts, made as they are asked for. Without
    `summit` regions are about their middle.
    """

    chroms: Sequence[str]
    chrom: npt.NDArray[np.integer]  # (N,)
    start: npt.NDArray[np.int64]  # (N,)
    end: npt.NDArray[np.int64]  # (N,)
    minus: npt.NDArray[np.bool_]  # (N,)
    names: Sequence[str]  # (N,)
    summit: npt.NDArray[np.int64] | None = None  # (N,)

    @classmethod
    def of(cls, regions: Sequence[Region]) -> "RegionColumns":
        """The columns of regions."""
        numbers: dict[str, int] = {}
        chrom = [numbers.setdefault(region.chrom, len(numbers)) for region in regions]
        places = [(region.start, region.end, region.summit) for region in regions]
        start, end, summit = np.array(places, np.int64).reshape(-1, 3).T
        minus = np.array([region.strand == "-" for region in regions], bool)
        names = [region.name for region in regions]
        return cls(list(numbers), np.array(chrom, np.intp), start, end, minus, names, summit)

    def __len__(self) -> int:
        return len(self.start)

    @property
    def middle(self) -> npt.NDArray[np.int64]:
        """The bases that the regions are about (N,): their summits where known, else their middles."""
        return (self.start + self.end) // 2 if self.summit is None else self.summit

    def slices(self, rows: int = 4096) -> Iterator["RegionColumns"]:
        """All of them in order, so many regions at a time."""
        for first in range(0, len(self), rows):
            some = slice(first, first + rows)
            columns = (self.chrom[some], self.start[some], self.end[some], self.minus[some])
            yield RegionColumns(self.chroms, *columns, self.names[some], self.middle[some])

    def name_at(self, row: int) -> str:
        """Where a region lies, as a text."""
        return f"{self.chroms[self.chrom[row]]}:{self.start[row]}-{self.end[row]}"

    def genome_order(self, chrom_order: Iterable[str]) -> npt.NDArray[np.intp]:
        """Indices that sort them by the order of their chromosomes (a list, or chromosome sizes) and start.

        Raises InputError for a region on a chromosome that is not in the order.
        """
        ranks = self.numbers_in(chrom_order)
        return np.lexsort((self.start, ranks))

    def numbers_in(self, chrom_order: Iterable[str]) -> npt.NDArray[np.intp]:
        """The numbers of their chromosomes (N,) in a list, or in chromosome sizes.

        Raises InputError for a region on a chromosome that is not there.
        """
        numbers = {chrom: number for number, chrom in enumerate(chrom_order)}
        ranks = np.array([numbers.get(chrom, -1) for chrom in self.chroms], np.intp)[self.chrom]
        if (ranks < 0).any():
            row = int(np.argmax(ranks < 0))
            raise InputError(
                f"region {self.name_at(row)} lies on '{self.chroms[self.chrom[row]]}', "
                "which the chromosome sizes do not list"
            )
        return ranks

    def cuts(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """For each of the regions, sorted by chromosome and start, where the interval that it alone may
        write begins and ends, as `overlaps.cut` has it. Raises InputError if the regions are not sorted.
        """
        self._check_sorted()
        return cut(self.chrom, self.start, self.end, self.middle)

    def _check_sorted(self) -> None:
        changes = np.ones(len(self), bool)
        changes[1:] = self.chrom[1:] != self.chrom[:-1]
        runs = np.flatnonzero(changes)
        again = np.delete(runs, np.unique(self.chrom[runs], return_index=True)[1])
        back = np.flatnonzero(~changes[1:] & (self.start[1:] < self.start[:-1])) + 1
        if len(back) and not (again < back[0]).any():
            here, before = (self.name_at(int(row)) for row in (back[0], back[0] - 1))
            raise InputError(f"regions must be sorted by start: {here} comes after {before}")
        if len(again):
            row = int(again.min())
            chrom = self.chroms[self.chrom[row]]
            raise InputError(
                f"regions must be sorted by chromosome: '{chrom}' comes back at {self.name_at(row)}"
            )


def genome_order(regions: Sequence[Region], chrom_order: Iterable[str]) -> npt.NDArray[np.intp]:
    """Indices that sort regions by the order of their chromosomes (a list, or chromosome sizes) and start.

    Raises InputError for a region on a chromosome that is not in the order.
    """
    return RegionColumns.of(regions).genome_order(chrom_order)


def cut_overlaps(regions: Sequence[Region]) -> list[tuple[int, int]]:
    """For each of the regions, sorted by chromosome and start, the interval [start, end) it alone may write.

    Two overlapping windows are cut at the midpoint of their summits (as ChromBPNet does), moved where need
    be into their overlap. A window that lies within another one gets an empty interval. Each base of the
    union of all windows is in exactly one interval, and that within its own window. Raises InputError if
    the regions are not sorted.
    """
    begin, end = RegionColumns.of(regions).cuts()
    return list(zip(begin.tolist(), end.tolist(), strict=True))
