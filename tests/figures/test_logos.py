"""Figures: what stands where, the same file twice."""

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.text import Text

from seqattr.dna.alphabet import one_hot
from seqattr.errors import UnknownName
from seqattr.figures.boxes import Box, name_levels
from seqattr.figures.drawings import settle
from seqattr.figures.importance import Points, importance_panel
from seqattr.figures.logos import contribution_logos, motif_logo
from seqattr.figures.style import FORMATS, save, short_name
from seqattr.motifs.pwm import TAL1

CODES = np.random.default_rng(0).integers(0, 4, 30).astype(np.uint8)
VALUES = np.linspace(-1, 1, 30)


def test_letters_stand_at_their_positions_and_are_as_high_as_their_contributions():
    figure = contribution_logos({"t": VALUES}, one_hot(CODES), [Box(110, 120, "m")], first=100)
    (axes,) = figure.axes
    assert axes.get_xlim() == (99.5, 129.5)
    assert axes.get_ylim() == pytest.approx((-1, 1))
    letters = [patch for patch in axes.patches if type(patch).__name__ == "PathPatch"]
    # logomaker draws the zeros of the other three bases as nothing; each observed base has its height.
    heights = sorted(
        round(patch.get_extents().transformed(axes.transData.inverted()).height, 3) for patch in letters
    )
    assert heights == sorted(np.round(abs(VALUES), 3).tolist())
    (box,) = [patch for patch in axes.patches if type(patch).__name__ == "Rectangle"]
    assert (box.get_x(), box.get_width()) == (109.5, 10)


def test_every_row_has_its_boxes_and_the_first_their_names():
    rows = {"a": VALUES, "b": -VALUES}
    figure = contribution_logos(rows, one_hot(CODES), [Box(2, 9, "left"), Box(12, 20, "right")])
    boxes = [sum(type(patch).__name__ == "Rectangle" for patch in axes.patches) for axes in figure.axes]
    assert boxes == [2, 2]
    assert [[text.get_text() for text in axes.texts] for axes in figure.axes] == [["left", "right"], []]


def test_names_that_would_touch_stand_on_different_lines():
    boxes = [Box(start, start + 8, "GATA_disc1") for start in (0, 4, 8, 60)]
    levels = name_levels(boxes)
    assert all(one != other for one, other in pairwise(levels[:3]))
    assert levels[3] == 0
    assert name_levels([]) == []


def test_long_names_are_cut():
    assert short_name("short") == "short"
    assert len(short_name("ATOH1.H13CORE.0.P.B")) == 16


def test_a_motif_logo_is_as_high_as_its_information():
    (axes,) = motif_logo(TAL1.probabilities).axes
    assert axes.get_ylim() == (0, 2)
    highest = max(patch.get_extents().transformed(axes.transData.inverted()).height for patch in axes.patches)
    assert highest == pytest.approx(2, abs=0.01)  # a column that is all C holds 2 bits


def test_a_panel_has_a_point_for_each_match():
    some = Points("m", np.arange(5.0), np.arange(5.0)), Points("n", np.arange(3.0), np.arange(3.0))
    (axes,) = importance_panel(some[:1], some[1], 7.0, "t").axes
    assert sorted(len(points.get_offsets()) for points in axes.collections) == [3, 5]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["n", "m"]


def test_a_panel_without_matches_is_empty():
    nothing = Points("others", np.empty(0), np.empty(0))
    (axes,) = importance_panel([], nothing, 7.0).axes
    assert not axes.collections
    assert axes.get_legend() is None


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_figure_is_the_same_file(form, tmp_path):
    for name in ("one", "two"):
        save(motif_logo(TAL1.probabilities), tmp_path / name, form)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_an_unknown_format_is_refused(tmp_path):
    with pytest.raises(UnknownName, match="unknown format 'gif'"):
        save(motif_logo(TAL1.probabilities), tmp_path / "x", "gif")


@pytest.mark.parametrize("form", FORMATS)
def test_names_are_drawn_as_they_are(form, tmp_path):
    """No text is taken for mathematics, and none is too odd to be drawn."""
    names = ["$\\frac{$", "_$x^{_$", "a\0b\ud800c", "100 %"]
    boxes = [Box(10 * number, 10 * number + 5, name) for number, name in enumerate(names[:3])]
    logos = contribution_logos(dict.fromkeys(names, VALUES), one_hot(CODES), boxes, names[0], axis=names[0])
    points = [Points(name, VALUES, VALUES) for name in names]
    panel = importance_panel(points[:-1], points[-1], 3, names[0])
    for figure in (logos, panel):
        settle(figure)
        save(figure, tmp_path / "figure", form)
        texts = [text.get_text() for text in figure.findobj(Text)]
        assert {names[0], names[1], "a\ufffdb\ufffdc", names[3]} <= set(texts)
