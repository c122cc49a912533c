"""The cutting of overlaps: cuts over columns are those of a walk from window to window."""

from itertools import pairwise

import numpy as np
import pytest

from seqattr.dna.order import genome_order
from seqattr.dna.overlaps import cut
from seqattr.dna.regions import Region
from tests.helpers.cuts import cut_overlaps


def walked_cuts(regions: list[Region]) -> list[tuple[int, int]]:
    """The cuts one window after the other, by the definition."""
    intervals = [(region.start, region.start) for region in regions]
    kept: list[int] = []  # those that lie in no other one
    for index, region in enumerate(regions):
        top = regions[kept[-1]] if kept else None
        if top is not None and top.chrom == region.chrom:
            if region.end <= top.end:
                continue
            if region.start == top.start:
                kept.pop()
        kept.append(index)
    begin = regions[kept[0]].start if kept else 0
    for index, following in pairwise(kept):
        left, right = regions[index], regions[following]
        if left.chrom != right.chrom or left.end <= right.start:
            intervals[index], begin = (begin, left.end), right.start
        else:
            middle = max(begin, right.start, min((left.summit + right.summit) // 2, left.end))
            intervals[index], begin = (begin, middle), middle
    for last in kept[-1:]:
        intervals[last] = (begin, regions[last].end)
    return intervals


def random_regions(rng: np.random.Generator, count: int) -> list[Region]:
    """Windows crowded on a few chromosomes, of equal or any lengths, with summits or without."""
    longest = int(rng.choice([3, 12, 40]))
    equal, peaks, room = rng.random() < 0.4, rng.random() < 0.5, int(rng.choice([10, 60, 400]))
    regions = []
    for _ in range(count):
        start, length = int(rng.integers(-5, room)), longest if equal else int(rng.integers(1, longest + 1))
        offset = int(rng.integers(0, length)) if peaks else None
        regions.append(Region(str(rng.choice(["b", "a", "c"])), start, start + length, summit_offset=offset))
    return [regions[i] for i in genome_order(regions, ["c", "a", "b"])]


def test_cuts_are_those_of_a_walk_from_window_to_window():
    rng = np.random.default_rng(0)
    for _ in range(600):
        regions = random_regions(rng, int(rng.integers(0, 40)))
        assert cut_overlaps(regions) == walked_cuts(regions)


def test_numbers_of_chromosomes_need_not_rise():
    start = np.array([0, 5, 0, 5])
    begin, end = cut(np.array([7, 7, 2, 2]), start, start + 10, start + 5)
    assert (begin.tolist(), end.tolist()) == ([0, 7, 0, 7], [7, 15, 7, 15])


def test_many_windows_cover_what_they_covered():
    """Whatever is cut: the union of all windows, each base once."""
    rng = np.random.default_rng(1)
    start = np.sort(rng.integers(0, 10**8, 200_000))
    chrom = np.repeat([0, 1], 100_000)
    start = np.concatenate([start[::2], start[1::2]])
    begin, end = cut(chrom, start, start + 1000, start + 500)
    assert (begin[1:][chrom[1:] == chrom[:-1]] >= end[:-1][chrom[1:] == chrom[:-1]]).all()
    covered = sum(int(np.minimum(1000, np.diff(start[chrom == number])).sum()) + 1000 for number in (0, 1))
    assert int((end - begin).sum()) == covered


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
