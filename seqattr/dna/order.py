"""Regions in the order of a genome."""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

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
