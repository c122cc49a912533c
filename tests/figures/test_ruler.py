"""Numbers along an axis of bases: round, in full, apart, and backwards on the other strand."""

from itertools import pairwise

import pytest
from matplotlib.figure import Figure

from seqattr.dna.regions import Region
from seqattr.figures.ruler import Ruler, draw_ruler, round_steps


def test_numbers_on_a_genome_are_round_and_in_full():
    ruler = Ruler.on_genome("chr7", 17_036_428, 17_036_448)
    assert ruler.ticks(0, 20, 6) == [
        (2, "17,036,430"),
        (7, "17,036,435"),
        (12, "17,036,440"),
        (17, "17,036,445"),
    ]
    assert ruler.label == "chr7 (bp, 0-based)"


def test_on_the_other_strand_they_run_backwards_and_it_says_so():
    ruler = Ruler.on_genome("chr7", 1000, 1100, "-")
    assert ruler.ticks(0, 100, 5) == [
        (99, "1,000"),
        (79, "1,020"),
        (59, "1,040"),
        (39, "1,060"),
        (19, "1,080"),
    ]
    assert ruler.number(0) == 1099
    assert "backwards" in ruler.label


@pytest.mark.parametrize(
    ("region", "ruler"),
    [
        (Region("chr1", 100, 200, "peak_1"), Ruler.on_genome("chr1", 100, 200)),
        (Region("chr1", 0, 200, "", "-"), Ruler.on_genome("chr1", 0, 200, "-")),
        (Region("seq_1", 0, 200, "seq_1"), Ruler.within("seq_1")),
        (Region("chr1:1,101-1,200", 0, 100, "chr1:1,101-1,200"), Ruler.on_genome("chr1", 1100, 1200)),
        (Region("chr1:100-200(-)", 0, 100, "chr1:100-200(-)"), Ruler.on_genome("chr1", 100, 200, "-")),
        (Region("chr1:100-200(-)", 0, 100, "chr1:100-200(-)", "-"), Ruler.on_genome("chr1", 100, 200)),
    ],
)
def test_a_region_says_where_its_bases_are(region, ruler):
    assert Ruler.of(region) == ruler


def test_part_of_a_row_has_the_row_s_numbers():
    assert [base for base, _ in Ruler.within("a").ticks(40, 60, 2)] == [40, 50]


def test_there_is_always_one_to_read():
    assert Ruler.on_genome("chr1", 123_456_783, 123_456_790).ticks(0, 4, 0.2) == [(0, "123,456,783")]


@pytest.mark.parametrize("length", [1, 2, 7, 120, 2114, 1_000_000])
@pytest.mark.parametrize("origin", [0, 999_999_999])
@pytest.mark.parametrize("backwards", [False, True])
def test_texts_never_touch(length, origin, backwards):
    figure = Figure(figsize=(6, 1.5), layout="constrained")
    axes = figure.subplots()
    draw_ruler(axes, Ruler(origin, backwards, "t"), 0, length)
    axes.set_xlim(-0.5, length - 0.5)
    figure.draw_without_rendering()
    boxes = sorted(
        (text.get_window_extent() for text in axes.get_xticklabels() if text.get_text()),
        key=lambda box: box.x0,
    )
    assert all(one.x1 + 5 < other.x0 for one, other in pairwise(boxes))
    assert all("e" not in text.get_text() for text in axes.get_xticklabels())
    assert axes.xaxis.get_offset_text().get_text() == ""
    assert 1 <= len(boxes) <= 16


def test_steps_are_round():
    steps = round_steps()
    assert [next(steps) for _ in range(7)] == [1, 2, 5, 10, 20, 50, 100]
