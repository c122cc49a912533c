"""Places on a genome: parsing, and centred windows.

All coordinates are 0-based and half-open, as in BED.
"""

import re
from dataclasses import dataclass, replace

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
