"""Places on a genome: parsing, centred windows, genome order, and cutting where windows overlap.

All coordinates are 0-based and half-open, as in BED.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

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


def genome_order(regions: Sequence[Region], chrom_order: Iterable[str]) -> npt.NDArray[np.intp]:
    """Indices that sort regions by the order of their chromosomes (a list, or chromosome sizes) and start.

    Raises InputError for a region on a chromosome that is not in the order.
    """
    rank = {chrom: number for number, chrom in enumerate(chrom_order)}
    for region in regions:
        if region.chrom not in rank:
            raise InputError(
                f"region {region} lies on '{region.chrom}', which the chromosome sizes do not list"
            )
    ranks = [rank[region.chrom] for region in regions]
    return np.lexsort(([region.start for region in regions], ranks))


def cut_overlaps(regions: Sequence[Region]) -> list[tuple[int, int]]:
    """For each of the regions, sorted by chromosome and start, the interval [start, end) it alone may write.

    Two overlapping windows are cut at the midpoint of their summits (as ChromBPNet does), moved where need
    be into their overlap. A window that lies within another one gets an empty interval. Each base of the
    union of all windows is in exactly one interval, and that within its own window. Raises InputError if
    the regions are not sorted.
    """
    _check_sorted(regions)
    intervals = [(region.start, region.start) for region in regions]
    kept = _not_nested(regions)
    begin = regions[kept[0]].start if kept else 0
    for index, following in pairwise(kept):
        end, next_begin = _cut(regions[index], regions[following], begin)
        intervals[index] = (begin, end)
        begin = next_begin
    for last in kept[-1:]:
        intervals[last] = (begin, regions[last].end)
    return intervals


def _cut(left: Region, right: Region, begin: int) -> tuple[int, int]:
    """Where the interval of `left` that starts at `begin` ends, and where that of `right` starts.

    Without nesting both the starts and the ends rise, so the cut lies in both windows, and a third window
    that overlaps the first overlaps the one between them too: neighbours are all that need looking at.
    """
    if left.chrom != right.chrom or left.end <= right.start:
        return left.end, right.start
    middle = (left.summit + right.summit) // 2
    cut = max(begin, right.start, min(middle, left.end))
    return cut, cut


def _not_nested(regions: Sequence[Region]) -> list[int]:
    """Indices of the regions that lie in no other one (of identical ones the first): a rising chain."""
    kept: list[int] = []
    for index, region in enumerate(regions):
        top = regions[kept[-1]] if kept else None
        if top is not None and top.chrom == region.chrom:
            if region.end <= top.end:
                continue
            if region.start == top.start:
                kept.pop()
        kept.append(index)
    return kept


def _check_sorted(regions: Sequence[Region]) -> None:
    seen: set[str] = set()
    previous: Region | None = None
    for region in regions:
        if previous is None or region.chrom != previous.chrom:
            if region.chrom in seen:
                raise InputError(
                    f"regions must be sorted by chromosome: '{region.chrom}' comes back at {region}"
                )
            seen.add(region.chrom)
        elif region.start < previous.start:
            raise InputError(f"regions must be sorted by start: {region} comes after {previous}")
        previous = region
