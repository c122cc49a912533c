"""Regions in columns."""

import numpy as np
import pytest

from seqattr.dna.places import Places
from seqattr.dna.regions import Region

REGIONS = [
    Region("chr2", 5, 15, "p1", "-"),
    Region("chr1", -3, 8),
    Region("chr2", 0, 9, "p2", summit_offset=7),
    Region("chr1", 1, 2, "p2", summit_offset=0),
]


def test_they_read_as_a_list_does():
    places = Places.of(REGIONS)
    assert list(places) == REGIONS
    assert [places[-1], places[0]] == [REGIONS[-1], REGIONS[0]]
    assert list(places[1:3]) == REGIONS[1:3]
    assert list(places.select(np.array([2, 0]))) == [REGIONS[2], REGIONS[0]]
    assert places.summit.tolist() == [region.summit for region in REGIONS]
    assert list(places.chroms) == ["chr2", "chr1"]
    assert Places.of(places) is places
    assert list(Places.of([])) == []
    with pytest.raises(IndexError):
        places[4]
