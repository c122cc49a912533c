"""What several regions cover, each base once."""

from itertools import pairwise

import numpy as np
import pytest

from seqattr.io.fasta.spans import Spans


@pytest.mark.parametrize("seed", range(30))
def test_each_base_has_one_place_and_each_region_lies_in_a_row(seed):
    rng = np.random.default_rng(seed)
    count = int(rng.integers(0, 20))
    chrom = rng.integers(0, 3, count).astype(np.int32)
    start = rng.integers(-10, 60, count)
    end = start + rng.integers(0, 25, count)
    spans = Spans(chrom, start, end)
    place_of: dict[tuple[int, int], int] = {}
    for number, stretches in spans.by_chromosome().items():
        assert all(one.end < other.start for one, other in pairwise(stretches))
        for first, stop, at in stretches:
            place_of |= {(number, base): at + base - first for base in range(first, stop)}
    columns = zip(chrom.tolist(), np.maximum(start, 0).tolist(), end.tolist(), spans.at.tolist(), strict=True)
    covered = set()
    for number, first, stop, at in columns:
        covered |= {(number, base) for base in range(first, stop)}
        assert all(place_of[number, base] == at + base - first for base in range(first, stop))
    assert set(place_of) == covered
    assert sorted(place_of.values()) == list(range(spans.size))


def test_places_of_eighteen_digits_are_no_harder():
    far = 10**18 - 100
    spans = Spans(np.array([1, 0, 1], np.int32), np.array([far, 3, 5]), np.array([far + 9, 9, 8]))
    assert spans.size == 9 + 6 + 3
    assert [stretch.start for stretch in spans.by_chromosome()[1]] == [5, far]
