"""A stretch as letters, or as an overview with letters of its strongest part; in a bounded time and size."""

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from seqattr.dna.alphabet import one_hot
from seqattr.figures.boxes import Box
from seqattr.figures.logos import LogoRows
from seqattr.figures.ruler import Ruler
from seqattr.figures.stretches import (
    MOST_LETTERS,
    ZOOM,
    NotebookFigure,
    common_unit,
    part_of,
    stretch_figure,
    strongest,
)
from tests.helpers.timing import least_seconds

STRONG = 1700  # where what matters lies


def made(length: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    rng = np.random.default_rng(0)
    values = 0.01 * rng.normal(size=length)
    values[STRONG : STRONG + 12] += 1
    return {"counts": values, "profile": -values}, one_hot(rng.integers(0, 4, length).astype(np.uint8))


def texts_of_ticks(axes) -> list[str]:
    return [text.get_text() for text in axes.get_xticklabels()]


def test_a_short_stretch_is_letters_alone():
    values, letters = made(2114)
    some = {name: row[:MOST_LETTERS] for name, row in values.items()}
    figure = stretch_figure(LogoRows(some, letters[:, :MOST_LETTERS]))
    assert len(figure.findobj(Axes)) == 2
    assert figure.get_size_inches()[0] < 20


def test_a_long_stretch_has_an_overview_and_letters_where_it_matters():
    values, letters = made(2114)
    ruler = Ruler.on_genome("chr20", 17_036_400, 17_036_400 + 2114)
    figure = stretch_figure(
        LogoRows(values, letters, [Box(STRONG, STRONG + 12, "CTCF")], 0, ruler), ["logit", "logit"]
    )
    upper, lower = figure.subfigs
    assert [axes.get_xlim() for axes in upper.axes] == [(-0.5, 2113.5)] * 2
    for axes in lower.axes:
        low, high = axes.get_xlim()
        assert high - low == ZOOM
        assert low < STRONG < STRONG + 12 < high
    assert texts_of_ticks(upper.axes[-1])[0] == "17,036,500"
    assert all(text.startswith("17,03") for text in texts_of_ticks(lower.axes[-1]))
    assert figure.get_supylabel() == "contribution (logit)"
    assert "CTCF" in [text.get_text() for text in lower.axes[0].texts]


def test_the_strongest_part_is_within_the_stretch_and_has_what_matters_in_its_middle():
    values, _ = made(2114)
    start, end = strongest(values, 0)
    assert end - start == ZOOM
    assert abs((start + end) / 2 - (STRONG + 6)) < 5
    edge = {"a": np.eye(1, 400, 399)[0]}
    assert strongest(edge, 1000) == (1250, 1400)
    assert strongest({"a": np.zeros(400)}, 0) == (0, ZOOM)


def test_an_overview_keeps_the_largest_and_the_least_however_long_it_is():
    values = np.zeros(300_000)
    values[123_456], values[123_457] = 2, -3
    letters = one_hot(np.zeros(len(values), np.uint8))
    figure = stretch_figure(LogoRows({"a": values}, letters))
    assert least_seconds(figure._repr_png_, enough=5) < 5
    assert len(figure._repr_png_()) < 200_000
    upper, _ = figure.subfigs
    drawn = [patch.get_data().values for patch in upper.axes[0].patches if hasattr(patch, "get_data")]
    assert (max(map(np.max, drawn)), min(map(np.min, drawn))) == (2, -3)


def test_a_part_has_its_bases_and_the_boxes_that_lie_in_it_at_least_half():
    boxes = [Box(60, 70, "in"), Box(76, 86, "cut"), Box(50, 58, "out")]
    rows = LogoRows({"a": np.arange(100)}, np.zeros((4, 100), np.int8), boxes, 50)
    part = part_of(rows, 56, 81)
    assert part.boxes == [Box(60, 70, "in"), Box(76, 81, "cut")]
    assert (part.first, part.one_hot.shape) == (56, (4, 25))
    np.testing.assert_array_equal(part.contributions["a"], np.arange(6, 31))
    own = part_of(LogoRows(rows.contributions, rows.one_hot, first=50, own={"a": boxes[:2]}), 56, 72).own
    assert own == {"a": [Box(60, 70, "in")]}


def test_a_box_is_drawn_and_named_in_the_rows_whose_it_is():
    box = Box(5, 15, "m")
    rows = LogoRows(
        {"a": np.ones(30), "b": np.ones(30)}, one_hot(np.zeros(30, np.uint8)), own={"a": [], "b": [box]}
    )
    upper, lower = stretch_figure(rows, ["logit", "log counts"]).findobj(Axes)
    shaded = [len([one for one in axes.patches if isinstance(one, Rectangle)]) for axes in (upper, lower)]
    assert shaded == [0, 1]
    assert ["m" in [text.get_text() for text in axes.texts] for axes in (upper, lower)] == [False, True]


@pytest.mark.parametrize(
    ("units", "common"),
    [
        (["logit", "logit"], "logit"),
        (["output of a"], "output of a"),
        (["output of a", "output of b"], "output of the model"),
        (["log counts", "logit"], ""),
        ([], ""),
    ],
)
def test_a_unit_stands_beside_all_rows_or_below_the_name_of_each(units, common):
    assert common_unit(units) == common
    rows = {f"row{number}": np.ones(30) for number in range(max(1, len(units)))}
    figure = stretch_figure(LogoRows(rows, one_hot(np.zeros(30, np.uint8))), units)
    labels = [axes.get_ylabel() for axes in figure.findobj(Axes)]
    assert figure.get_supylabel() == (f"contribution ({common})" if common else "")
    assert labels == (
        ["row0\n(log counts)", "row1\n(logit)"] if len(set(units)) > 1 and not common else list(rows)
    )


@pytest.mark.parametrize("length", [30, 400])
def test_a_notebook_shows_it(length):
    values = np.zeros(length)
    figure = stretch_figure(LogoRows({"a": values}, one_hot(np.zeros(length, np.uint8))))
    assert isinstance(figure, NotebookFigure)
    assert figure._repr_png_().startswith(b"\x89PNG")
