"""Regions in the order of a genome, and cut where they overlap."""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from seqattr.dna.overlaps import cut
from seqattr.dna.places import Places
from seqattr.dna.regions import Region
from seqattr.errors import InputError


def numbers_in(regions: Sequence[Region], chrom_order: Iterable[str]) -> npt.NDArray[np.intp]:
    """The numbers of the regions' chromosomes (N,) in a list, or in chromosome sizes.

    Raises InputError for a region on a chromosome that is not there.
    """
    places = Places.of(regions)
    numbers = {chrom: number for number, chrom in enumerate(chrom_order)}
    ranks = np.array([numbers.get(chrom, -1) for chrom in places.chroms], np.intp)[places.chrom]
    for row in np.flatnonzero(ranks < 0)[:1].tolist():
        region = places[row]
        raise InputError(f"region {region} lies on '{region.chrom}', which the chromosome sizes do not list")
    return ranks


def genome_order(regions: Sequence[Region], chrom_order: Iterable[str]) -> npt.NDArray[np.intp]:
    """Indices that sort regions by the order of their chromosomes (a list, or chromosome sizes) and start.

    Raises InputError for a region on a chromosome that is not in the order.
    """
    places = Places.of(regions)
    return np.lexsort((places.start, numbers_in(places, chrom_order)))


def cut_overlaps(regions: Sequence[Region]) -> list[tuple[int, int]]:
    """For each of the regions, sorted by chromosome and start, the interval [start, end) it alone may write.

    `overlaps.cut` says which. Raises InputError if the regions are not sorted.
    """
    places = Places.of(regions)
    _check_sorted(places)
    begin, end = cut(places.chrom, places.start, places.end, places.summit)
    return list(zip(begin.tolist(), end.tolist(), strict=True))


def _check_sorted(places: Places) -> None:
    """Raises InputError naming the first region that is not in its place."""
    chrom, start = places.chrom, places.start
    changes = np.ones(len(chrom), bool)
    changes[1:] = chrom[1:] != chrom[:-1]
    runs = np.flatnonzero(changes)
    again = np.delete(runs, np.unique(chrom[runs], return_index=True)[1])
    back = np.flatnonzero(~changes[1:] & (start[1:] < start[:-1])) + 1
    for row in sorted([*again[:1].tolist(), *back[:1].tolist()])[:1]:
        here = places[row]
        if row in again:
            raise InputError(f"regions must be sorted by chromosome: '{here.chrom}' comes back at {here}")
        raise InputError(f"regions must be sorted by start: {here} comes after {places[row - 1]}")
