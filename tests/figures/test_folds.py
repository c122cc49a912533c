"""Letters in lines: every base once, all lines on one scale, and boxes that go on in the next line."""

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from seqattr.dna.alphabet import one_hot
from seqattr.figures.boxes import Box, pieces
from seqattr.figures.folds import FOLDED_BASES, folded_logos
from seqattr.figures.logos import LogoRows
from seqattr.figures.ruler import Ruler
from seqattr.figures.style import NARROW_INCHES

FIRST, HIT = 100, Box(135, 152, "CTCF", "+")  # five bases of the hit in the first line, twelve in the second


def lines(length: int, boxes: list[Box]) -> list[Axes]:
    values = np.random.default_rng(0).normal(size=length)
    letters = one_hot(np.zeros(length, np.uint8))
    ruler = Ruler.on_genome("chr3", 134_557_567, 134_557_867)
    figure = folded_logos(LogoRows({"CTCF\n(logit)": values}, letters, boxes, FIRST, ruler))
    assert figure.get_size_inches()[0] == NARROW_INCHES
    assert figure.get_supylabel() == "CTCF\n(logit)"
    return figure.axes


@pytest.mark.parametrize(("length", "count"), [(120, 3), (100, 3), (FOLDED_BASES, 1), (12, 1)])
def test_every_base_stands_in_one_line_and_all_lines_have_one_scale(length, count):
    axes = lines(length, [])
    assert len(axes) == count
    starts = [FIRST - 0.5 + FOLDED_BASES * n for n in range(count)]
    assert [one.get_xlim() for one in axes] == [(at, at + min(FOLDED_BASES, length)) for at in starts]
    assert len({one.get_ylim() for one in axes}) == 1
    assert [one.get_xlabel() for one in axes] == [""] * (count - 1) + ["chr3 (bp, 0-based)"]


def test_a_box_of_two_lines_is_shaded_in_both_and_named_where_more_of_it_lies():
    axes = lines(120, [HIT])
    shaded = [[patch for patch in one.patches if isinstance(patch, Rectangle)] for one in axes]
    assert [len(some) for some in shaded] == [1, 1, 0]
    texts = [[text.get_text() for text in one.texts if text.get_text()] for one in axes]
    assert texts == [["…"], ["CTCF →"], []]


def test_pieces_of_boxes_are_what_lies_in_a_stretch():
    late = Box(130, 139, "early", "-", True)
    assert pieces([HIT, late], 100, 140) == [late, Box(135, 140, "…")]
    assert pieces([HIT, late], 140, 180) == [Box(140, 152, "CTCF", "+")]
    assert pieces([HIT], 152, 180) == []
