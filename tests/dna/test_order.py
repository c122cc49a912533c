"""Genome order, and the cutting of overlaps."""

import numpy as np
import pytest

from seqattr.dna.order import cut_overlaps, genome_order
from seqattr.dna.regions import Region
from seqattr.errors import InputError


def test_genome_order_follows_the_sizes_and_then_the_start():
    regions = [Region("b", 5, 6), Region("a", 9, 10), Region("b", 1, 2), Region("a", 3, 4), Region("a", 3, 9)]
    np.testing.assert_array_equal(genome_order(regions, ["a", "b"]), [3, 4, 1, 2, 0])
    np.testing.assert_array_equal(genome_order(regions, {"b": 100, "a": 100}), [2, 0, 3, 4, 1])
    assert len(genome_order([], ["a"])) == 0


def test_genome_order_names_an_unknown_chromosome():
    with pytest.raises(InputError, match="region c:1-2 lies on 'c', which the chromosome sizes do not list"):
        genome_order([Region("c", 1, 2)], ["a", "b"])


def check_against_each_base(regions: list[Region]) -> None:
    """Each covered base is kept exactly once, and by a window that covers it."""
    intervals = cut_overlaps(regions)
    covered = {(r.chrom, base) for r in regions for base in range(r.start, r.end)}
    kept: list[tuple[str, int]] = []
    for region, (start, end) in zip(regions, intervals, strict=True):
        assert region.start <= start <= end <= region.end or start == end
        kept += [(region.chrom, base) for base in range(start, end)]
    assert len(kept) == len(set(kept))
    assert set(kept) == covered


@pytest.mark.parametrize("kind", ["equal lengths", "any lengths", "any summits"])
def test_every_covered_base_is_kept_exactly_once(kind):
    rng = np.random.default_rng(5)
    for _ in range(400):
        count = int(rng.integers(1, 9))
        regions = []
        for _ in range(count):
            start = int(rng.integers(-5, 40))
            length = 12 if kind == "equal lengths" else int(rng.integers(1, 30))
            offset = int(rng.integers(0, length)) if kind == "any summits" else None
            regions.append(Region(str(rng.choice(["a", "b"])), start, start + length, summit_offset=offset))
        check_against_each_base(sorted(regions, key=lambda region: (region.chrom, region.start)))


def test_two_windows_are_cut_at_the_midpoint_of_their_summits():
    regions = [Region("c", 0, 100), Region("c", 40, 140), Region("c", 200, 300)]
    assert cut_overlaps(regions) == [(0, 70), (70, 140), (200, 300)]


def test_of_three_windows_that_share_bases_each_keeps_those_nearest_to_its_summit():
    regions = [Region("c", start, start + 100) for start in (0, 10, 20)]
    assert cut_overlaps(regions) == [(0, 55), (55, 65), (65, 120)]


def test_equal_windows_keep_the_base_whose_summit_is_nearest():
    """The oracle for windows of one length: no other window's summit is nearer to a base than its own's."""
    rng = np.random.default_rng(6)
    for _ in range(100):
        starts = np.unique(rng.integers(0, 60, size=6)).tolist()
        regions = [Region("c", start, start + 20) for start in starts]
        for region, (start, end) in zip(regions, cut_overlaps(regions), strict=True):
            for base in range(start, end):
                nearest = min(abs(base - other.summit) for other in regions)
                assert abs(base - region.summit) <= nearest + 1  # a base lies between two summits' halves


def test_a_window_within_another_writes_nothing():
    long, short = Region("c", 0, 100), Region("c", 40, 60)
    assert cut_overlaps([long, short]) == [(0, 100), (40, 40)]
    assert cut_overlaps([Region("c", 0, 10), long]) == [(0, 0), (0, 100)]


def test_identical_windows_write_once():
    intervals = cut_overlaps([Region("c", 0, 100)] * 3)
    assert sum(end - start for start, end in intervals) == 100


def test_windows_on_different_chromosomes_do_not_touch_each_other():
    assert cut_overlaps([Region("a", 0, 100), Region("b", 50, 150)]) == [(0, 100), (50, 150)]
    assert cut_overlaps([]) == []


@pytest.mark.parametrize(
    ("regions", "line"),
    [
        ([("a", 5), ("a", 4)], "regions must be sorted by start: a:4-14 comes after a:5-15"),
        ([("a", 5), ("b", 4), ("a", 9)], "regions must be sorted by chromosome: 'a' comes back at a:9-19"),
    ],
)
def test_unsorted_regions_are_refused(regions, line):
    with pytest.raises(InputError) as caught:
        cut_overlaps([Region(chrom, start, start + 10) for chrom, start in regions])
    assert str(caught.value) == line


def test_the_first_region_out_of_order_is_named():
    regions = [Region(chrom, start, start + 10) for chrom, start in [("a", 5), ("b", 9), ("b", 4), ("a", 9)]]
    with pytest.raises(InputError, match="by start: b:4-14 comes after b:9-19"):
        cut_overlaps(regions)
    with pytest.raises(InputError, match="'a' comes back at a:9-19"):
        cut_overlaps(regions[:2] + regions[3:] + regions[2:3])
