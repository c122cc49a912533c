"""The stretches that overlapping regions write, region by region."""

from collections.abc import Sequence

from seqattr.dna.overlaps import cut
from seqattr.dna.places import Places
from seqattr.dna.regions import Region


def cut_overlaps(regions: Sequence[Region]) -> list[tuple[int, int]]:
    """For each of the regions, sorted by chromosome and start, the interval that it alone may write."""
    places = Places.of(regions)
    begin, end = cut(places.chrom, places.start, places.end, places.summit)
    return list(zip(begin.tolist(), end.tolist(), strict=True))
