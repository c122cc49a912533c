"""Cuts over columns are those of a walk from window to window."""

from itertools import pairwise

import numpy as np

from seqattr.dna.order import cut_overlaps, genome_order
from seqattr.dna.overlaps import cut
from seqattr.dna.regions import Region


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
