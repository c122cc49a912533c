"""Places on a genome: parsing, centred windows, genome order, and cutting where windows overlap.

All coordinates are 0-based and half-open, as in BED.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

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


class Columns(Protocol):
    """N regions as columns: their chromosomes are `chroms[chrom]`, their strands '-' where `minus`.

    `names` may be texts that are made as they are asked for.
    """

    @property
    def chroms(self) -> Sequence[str]:
        """Names of chromosomes, in any order."""

    @property
    def chrom(self) -> npt.NDArray[np.integer]:
        """Which of them each lies on (N,)."""

    @property
    def start(self) -> npt.NDArray[np.int64]:
        """(N,)"""

    @property
    def end(self) -> npt.NDArray[np.int64]:
        """(N,)"""

    @property
    def names(self) -> Sequence[str]:
        """(N,)"""

    @property
    def minus(self) -> npt.NDArray[np.bool_]:
        """(N,)"""

    @property
    def summit(self) -> npt.NDArray[np.int64]:
        """The base that each is about (N,): its peak's summit where known, else its middle."""

    def __len__(self) -> int: ...


@dataclass(frozen=True)
class RegionColumns:
    """The columns of a list of regions."""

    chroms: Sequence[str]
    chrom: npt.NDArray[np.integer]
    start: npt.NDArray[np.int64]
    end: npt.NDArray[np.int64]
    names: Sequence[str]
    minus: npt.NDArray[np.bool_]
    summit: npt.NDArray[np.int64]

    @classmethod
    def of(cls, regions: Sequence[Region]) -> "RegionColumns":
        """The columns of regions."""
        numbers: dict[str, int] = {}
        chrom = [numbers.setdefault(region.chrom, len(numbers)) for region in regions]
        places = [(region.start, region.end, region.summit) for region in regions]
        start, end, summit = np.array(places, np.int64).reshape(-1, 3).T
        minus = np.array([region.strand == "-" for region in regions], bool)
        names = [region.name for region in regions]
        return cls(list(numbers), np.array(chrom, np.intp), start, end, names, minus, summit)

    def __len__(self) -> int:
        return len(self.start)


def numbers_in(regions: Columns, chrom_order: Iterable[str]) -> npt.NDArray[np.intp]:
    """The numbers of the regions' chromosomes (N,) in a list, or in chromosome sizes.

    Raises InputError for a region on a chromosome that is not there.
    """
    numbers = {chrom: number for number, chrom in enumerate(chrom_order)}
    ranks = np.array([numbers.get(chrom, -1) for chrom in regions.chroms], np.intp)[regions.chrom]
    for row in np.flatnonzero(ranks < 0)[:1].tolist():
        chrom = regions.chroms[regions.chrom[row]]
        raise InputError(
            f"region {place_of(regions, row)} lies on '{chrom}', which the chromosome sizes do not list"
        )
    return ranks


def genome_order(regions: Columns, chrom_order: Iterable[str]) -> npt.NDArray[np.intp]:
    """Indices that sort regions by the order of their chromosomes (a list, or chromosome sizes) and start.

    Raises InputError for a region on a chromosome that is not in the order.
    """
    return np.lexsort((regions.start, numbers_in(regions, chrom_order)))


def cut_overlaps(regions: Sequence[Region]) -> list[tuple[int, int]]:
    """For each of the regions, sorted by chromosome and start, the interval [start, end) it alone may write.

    Two overlapping windows are cut at the midpoint of their summits (as ChromBPNet does), moved where need
    be into their overlap. A window that lies within another one gets an empty interval. Each base of the
    union of all windows is in exactly one interval, and that within its own window. Raises InputError if
    the regions are not sorted.
    """
    columns = RegionColumns.of(regions)
    _check_sorted(columns)
    begin, end = cut(columns.chrom, columns.start, columns.end, columns.summit)
    return list(zip(begin.tolist(), end.tolist(), strict=True))


def _check_sorted(regions: Columns) -> None:
    """Raises InputError naming the first region that is not in its place."""
    chrom, start = regions.chrom, regions.start
    changes = np.ones(len(chrom), bool)
    changes[1:] = chrom[1:] != chrom[:-1]
    runs = np.flatnonzero(changes)
    again = np.delete(runs, np.unique(chrom[runs], return_index=True)[1])
    back = np.flatnonzero(~changes[1:] & (start[1:] < start[:-1])) + 1
    for row in sorted([*again[:1].tolist(), *back[:1].tolist()])[:1]:
        here = place_of(regions, row)
        if row in again:
            name = regions.chroms[chrom[row]]
            raise InputError(f"regions must be sorted by chromosome: '{name}' comes back at {here}")
        raise InputError(f"regions must be sorted by start: {here} comes after {place_of(regions, row - 1)}")


def place_of(regions: Columns, row: int) -> str:
    """Where one of the regions lies, as a text."""
    return f"{regions.chroms[regions.chrom[row]]}:{regions.start[row]}-{regions.end[row]}"
