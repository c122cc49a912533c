"""Where rows lie on a genome, as somebody tells it in Python."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from seqattr.dna.places import Places
from seqattr.dna.regions import Region, parse_header
from seqattr.errors import InputError
from seqattr.io.bed import read_bed


def places_of(regions: Any, number: int, length: int) -> Places:
    """Places of `number` rows of `length` bases, from a BED file's path, or from a Region, a text such as
    "chr1:100-300" or "chr1:100-300(-)", or (chrom, start, end), also with a strand, for each row.

    Without any, each row is a chromosome of its own, seq0, seq1 ... Raises InputError for another number of
    regions than of rows, of another length, and for what is none.
    """
    if regions is None:
        return Places.of([Region(f"seq{row}", 0, length, f"seq{row}") for row in range(number)])
    if isinstance(regions, str | Path):
        given = read_bed(regions)
    elif isinstance(regions, Iterable):
        given = list(regions)
    else:
        raise InputError(f"regions are a BED file's path, or a region for each row, not {regions!r}")
    if len(given) != number:
        raise InputError(f"there are {len(given)} regions for {number} sequences")
    return Places.of([region_of(one, row, length) for row, one in enumerate(given)])


def region_of(given: Any, row: int, length: int) -> Region:
    """The region of a row of so many bases."""
    region = given if isinstance(given, Region) else read_region(given, length)
    if region is None:
        raise InputError(
            f"region {row} is {given!r}; as 'chr1:100-{100 + length}' or ('chr1', 100, {100 + length}) it "
            f"would be one of {length} bases"
        )
    if region.end - region.start != length:
        raise InputError(
            f"region {row} ({region}) has {region.end - region.start} bases, but the sequences have {length}"
        )
    return region


def read_region(given: Any, length: int) -> Region | None:
    """The region that a text, or a chromosome with start and end, says; None where it says none."""
    if isinstance(given, str):
        return parse_header(given, length)
    try:
        chrom, start, end, *strand = given
        sign = "".join(strand) or "+"
        known = isinstance(chrom, str) and sign in ("+", "-", ".")
        return Region(chrom, int(start), int(end), strand="-" if sign == "-" else "+") if known else None
    except (TypeError, ValueError):
        return None


def ends_of(places: Sequence[Region]) -> dict[str, int]:
    """The least that each chromosome must have, for these places to lie on it."""
    sizes: dict[str, int] = {}
    for place in places:
        sizes[place.chrom] = max(sizes.get(place.chrom, 0), place.end)
    return sizes
