"""The overview of groups, and histograms of distances: names stand apart, and dots where they belong."""

from itertools import combinations

import numpy as np
import pytest

from seqattr.figures.distances import Histogram, histogram_figure
from seqattr.figures.drawings import settle
from seqattr.figures.labels import name_spots
from seqattr.figures.overview import CAP, LEAST, MOST_NAMES, Dot, Limits, overview_panel

LIMITS = Limits(0.05, 0.02)


def dots(count: int, carrying: int) -> list[Dot]:
    """Groups with names as long as a collection's; those that carry lie close together."""
    rng = np.random.default_rng(count)
    shares = np.where(
        np.arange(count) < carrying, rng.uniform(0.2, 0.3, count), 10 ** rng.uniform(-5, -2, count)
    )
    return [
        Dot(f"ATOH{n}.H13CORE.0.P.B", shares[n], 10 ** -rng.uniform(0, 90), n, (-1) ** n, n < carrying)
        for n in range(count)
    ]


def names_in(axes) -> list:
    return [text for text in axes.texts if text.get_text()]


@pytest.mark.parametrize(("count", "carrying"), [(3, 3), (12, 8), (300, 30)])
def test_names_stand_apart_and_on_no_dot(count, carrying):
    figure = overview_panel(dots(count, carrying), LIMITS, "t")
    figure.draw_without_rendering()
    (axes,) = figure.axes
    texts = names_in(axes)
    assert len(texts) == min(carrying, MOST_NAMES)
    spots = [text.get_window_extent() for text in texts]
    assert not any(one.overlaps(other) for one, other in combinations(spots, 2))
    inside = axes.get_window_extent()
    assert all(inside.x0 <= spot.x0 and spot.x1 <= inside.x1 for spot in spots)
    for points in axes.collections:
        for x, y in axes.transData.transform(points.get_offsets()):
            assert not any(spot.x0 < x < spot.x1 and spot.y0 < y < spot.y1 for spot in spots)
    legend = figure.legends[0].get_window_extent()
    assert legend.y1 < axes.xaxis.label.get_window_extent().y0
    assert figure.bbox.x0 <= legend.x0
    assert legend.x1 <= figure.bbox.x1


def test_a_dot_stands_where_its_numbers_are():
    some = [
        Dot("a", 0.1, 1e-4, 5, 1, True),
        Dot("b", 1e-9, 0.0, 1, -1, False),
        Dot("c", 0.05, 1e-3, 2, -1, True),
        Dot("d", float("nan"), float("nan"), 0, 0, False),
    ]
    figure = overview_panel(some, LIMITS)
    (axes,) = figure.axes
    quiet, carrying = (np.asarray(points.get_offsets()) for points in axes.collections)
    np.testing.assert_allclose(carrying, [[-1, 4], [np.log10(0.05), 3]])
    np.testing.assert_allclose(quiet, [[np.log10(LEAST), CAP], [np.log10(LEAST), 0]])
    words = [text.get_text() for text in figure.legends[0].get_texts()]
    assert words == ["carries, for the target", "carries, against it", "does not carry", "1 hit", "5 hits"]


def test_no_groups_at_all_are_an_empty_panel():
    (axes,) = overview_panel([], LIMITS).axes
    assert names_in(axes) == []


def test_a_name_goes_where_there_is_room():
    points = np.array([[1.0, 1.0], [1.02, 1.0]])
    first, second = name_spots(points, np.array([0.05, 0.05]), [(0.5, 0.1)] * 2, (2.0, 2.0))
    assert abs(first.y - second.y) >= 0.1 or abs(first.x - second.x) >= 0.5
    assert name_spots(points, np.array([0.05, 0.05]), [(3, 3)], (2.0, 2.0)) == [None]


def test_histograms_have_their_counts_and_one_legend():
    edges = np.arange(0, 50, 10.0)
    some = [Histogram(f"{n}", edges, np.arange(4) + n, np.zeros(4), np.ones(4), 10) for n in range(4)]
    figure = histogram_figure(some, "bp", "pairs", "chance")
    settle(figure)
    shown = [axes for axes in figure.axes if axes.axison]
    assert [axes.get_title() for axes in shown] == ["0", "1", "2", "3"]
    for number, axes in enumerate(shown):
        (steps,) = [patch for patch in axes.patches if type(patch).__name__ == "StepPatch"]
        np.testing.assert_array_equal(steps.get_data().values, np.arange(4) + number)
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["hits in one sequence", "chance"]
