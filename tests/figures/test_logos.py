"""Figures: what stands where, the same file twice."""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.path import Path
from matplotlib.text import Text

from seqattr.dna.alphabet import one_hot
from seqattr.errors import UnknownName
from seqattr.figures.boxes import Box, within
from seqattr.figures.drawings import settle
from seqattr.figures.letters import draw_letters, ends_of, letter, stack
from seqattr.figures.logos import contribution_logos, motif_logo, unknown_stretches
from seqattr.figures.overview import Dot, Limits, overview_panel
from seqattr.figures.ruler import Ruler
from seqattr.figures.style import FORMATS, inches_wide, save, short_name
from seqattr.motifs.pwm import TAL1

CODES = np.random.default_rng(0).integers(0, 4, 30).astype(np.uint8)
VALUES = np.linspace(-1, 1, 30)


def letters_of(axes) -> dict[str, np.ndarray]:
    """The boxes (n, 4: x0, y0, x1, y1) of all letters of each base, in the axes' numbers."""
    drawn = {}
    for patch in axes.patches:
        if type(patch).__name__ == "PathPatch":
            outline = letter(patch.get_label())
            outlines = patch.get_path().vertices.reshape(-1, len(outline.vertices), 2)
            spots = [Path(vertices, outline.codes).get_extents() for vertices in outlines]
            drawn[patch.get_label()] = np.array([spot.extents for spot in spots])
    return drawn


def test_letters_stand_at_their_positions_and_are_as_high_as_their_contributions():
    figure = contribution_logos({"t": VALUES}, one_hot(CODES), [Box(110, 120, "m")], first=100)
    (axes,) = figure.axes
    assert axes.get_xlim() == (99.5, 129.5)
    assert axes.get_ylim() == pytest.approx((-1, 1))
    for base, boxes in letters_of(axes).items():
        at = np.flatnonzero("ACGT".index(base) == CODES)
        np.testing.assert_allclose(boxes[:, [0, 2]].mean(axis=1), 100 + at)
        np.testing.assert_allclose(boxes[:, 1], np.minimum(VALUES[at], 0), atol=1e-12)
        np.testing.assert_allclose(boxes[:, 3], np.maximum(VALUES[at], 0), atol=1e-12)
    (box,) = [patch for patch in axes.patches if type(patch).__name__ == "Rectangle"]
    assert (box.get_x(), box.get_width()) == (109.5, 10)


def test_letters_below_zero_stand_upright():
    """An A is narrow above and wide below: so it is where it counts against, too."""
    for height in (1.0, -1.0):
        axes = Figure().subplots()
        draw_letters(axes, np.array([[height], [0], [0], [0]]))
        (patch,) = axes.patches
        x, y = patch.get_path().vertices.T
        assert np.ptp(x[y > y.max() - 0.1]) < np.ptp(x[y < y.min() + 0.1])


def test_stacks_have_the_smallest_next_to_zero_on_either_side():
    heights = np.array([[3.0, 0], [1, -1], [-2, -4], [-1, 0]])
    np.testing.assert_allclose(stack(heights), [[1, 0], [0, -1], [-3, -5], [-1, 0]])
    assert ends_of(heights) == (-5, 4)
    assert ends_of(-heights) == (-4, 5)


def test_unknown_bases_are_shaded_and_say_so():
    known = one_hot(CODES)
    known[:, 4:9] = 0
    known[:, 29] = 0
    assert unknown_stretches(known) == [(4, 9), (29, 30)]
    (axes,) = contribution_logos({"t": VALUES}, known).axes
    assert [text.get_text() for text in axes.texts] == ["N", "N"]


def test_every_row_has_its_boxes_and_the_first_their_names():
    rows = {"a": VALUES, "b": -VALUES}
    boxes = [Box(2, 9, "left", "+"), Box(12, 20, "right", "-", True)]
    figure = contribution_logos(rows, one_hot(CODES), boxes)
    counts = [sum(type(patch).__name__ == "Rectangle" for patch in axes.patches) for axes in figure.axes]
    assert counts == [2, 2]
    texts = [[text.get_text() for text in axes.texts] for axes in figure.axes]
    assert texts == [["left →", "right ←"], []]


@pytest.mark.parametrize("length", [8, 40, 120, 600])
def test_no_two_names_touch_and_all_are_whole(length):
    """Nineteen letters each, over boxes that overlap; in pixels, as they are drawn."""
    rng = np.random.default_rng(length)
    starts = np.sort(rng.integers(0, length - 5, 14)).tolist()
    boxes = [Box(at, at + 6, f"ATOH{n}.H13CORE.0.P.B", "+-"[n % 2]) for n, at in enumerate(starts)]
    codes = rng.integers(0, 4, length).astype(np.uint8)
    rows = {"a target of a long name, too long for a line\nlogit": rng.normal(size=length)}
    figure = contribution_logos(rows, one_hot(codes), within(boxes, 0, length))
    settle(figure)
    texts = [text for text in figure.axes[0].texts if text.get_text()]
    assert sorted(text.get_text() for text in texts) == sorted(box.text for box in boxes)
    spots = [text.get_window_extent() for text in texts]
    assert not any(one.overlaps(other) for one, other in combinations(spots, 2))
    canvas = figure.bbox
    assert all(canvas.x0 <= spot.x0 and spot.x1 <= canvas.x1 and spot.y1 <= canvas.y1 for spot in spots)


def test_boxes_are_cut_to_what_is_drawn():
    boxes = [Box(10, 20, "cut"), Box(1, 9, "half out"), Box(2, 8, "also out"), Box(17, 30, "late")]
    assert within(boxes, 5, 18) == [Box(5, 8, "also out"), Box(5, 9, "half out"), Box(10, 18, "cut")]
    assert within(boxes, 6, 18) == [Box(10, 18, "cut")]


def test_widths_are_those_of_the_drawn_text():
    figure = Figure(dpi=150)
    text = figure.text(0, 0, "ATOH1.H13CORE.0.P.B →", fontsize=7)
    drawn = text.get_window_extent(FigureCanvasAgg(figure).get_renderer()).width / 150
    assert inches_wide(text.get_text(), 7) == pytest.approx(drawn, abs=0.01)


def test_long_names_are_cut():
    assert short_name("short") == "short"
    assert len(short_name("ATOH1.H13CORE.0.P.B")) == 16


def test_a_motif_logo_is_as_high_as_its_information():
    (axes,) = motif_logo(TAL1.probabilities).axes
    assert axes.get_ylim() == (0, 2)
    highest = max(float((boxes[:, 3] - boxes[:, 1]).max()) for boxes in letters_of(axes).values())
    assert highest == pytest.approx(2, abs=0.01)  # a column that is all C holds 2 bits


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
    logos = contribution_logos(
        dict.fromkeys(names, VALUES), one_hot(CODES), boxes, names[0], ruler=Ruler(label=names[0])
    )
    dots = [Dot(name, 0.1, 1e-9, 5, 1, True) for name in names]
    panel = overview_panel(dots, Limits(0.05, 0.01), names[0])
    for figure in (logos, panel):
        settle(figure)
        save(figure, tmp_path / "figure", form)
        texts = [text.get_text() for text in figure.findobj(Text)]
        assert {names[0], names[1], "a\ufffdb\ufffdc", names[3]} <= set(texts)
