"""Curves with bands, points with intervals, matrices: what is drawn is what was given."""

import numpy as np
import pytest
from matplotlib.collections import LineCollection

from seqattr.figures.curves import Curve, CurveAxes, CurvePanel, curve_figure, end_of, looks_of
from seqattr.figures.intervals import Point, PointPanel, interval_figure
from seqattr.figures.matrix import matrix_figure


def curve(name, end=1.0, control=False):
    mean = np.linspace(0, end, 4)
    return Curve(name, np.array([3.0, 0, 1, 2])[[1, 2, 3, 0]], mean, mean - 0.1, mean + 0.1, control)


def test_twenty_methods_and_four_controls_have_looks_of_their_own():
    curves = [curve(f"m{n}") for n in range(18)] + [curve(f"c{n}", control=True) for n in range(4)]
    looks = looks_of([CurvePanel("", curves)]).values()
    assert len({(look["color"], look["linestyle"], look["marker"]) for look in looks}) == 22


def test_a_curve_is_drawn_in_the_order_of_its_places():
    tangled = Curve("a", np.array([2.0, 0, 1]), np.array([5.0, 3, 4]), np.full(3, np.nan), np.full(3, np.nan))
    line = curve_figure([CurvePanel("t", [tangled])], CurveAxes("x", "y")).axes[0].lines[0]
    assert line.get_xydata().tolist() == [[0, 3], [1, 4], [2, 5]]
    assert end_of(tangled) == 5


def test_few_places_have_an_interval_each_beside_those_of_others_and_many_a_band():
    """Of what counts ticks are whole numbers."""
    few = [Curve(name, np.array([5.0, 8.0]), np.ones(2), np.zeros(2), np.full(2, 2.0)) for name in "abc"]
    axes = curve_figure([CurvePanel("t", few)], CurveAxes("bases", "y", counts=True)).axes[0]
    lines = [one for one in axes.collections if isinstance(one, LineCollection)]
    assert [len(one.get_segments()) for one in lines] == [2, 2, 2]
    assert {tuple(segment[:, 1]) for one in lines for segment in one.get_segments()} == {(0, 2)}
    assert len({one.get_segments()[0][0, 0] for one in lines}) == 3
    assert all(tick == round(tick) for tick in axes.get_xticks())
    many = Curve("a", np.arange(9.0), np.ones(9), np.zeros(9), np.full(9, 2.0))
    axes = curve_figure([CurvePanel("t", [many])], CurveAxes("bases", "y")).axes[0]
    assert not [one for one in axes.collections if isinstance(one, LineCollection)]


def test_the_legend_names_curves_as_they_end_and_controls_last():
    panel = CurvePanel("t", [curve("low", 0.2), curve("control", 3, True), curve("high", 2)])
    (legend,) = curve_figure([panel], CurveAxes("x", "y")).legends
    assert [text.get_text() for text in legend.get_texts()] == ["high", "low", "control"]


def test_many_ticks_are_thinned_and_long_ones_stand_upright():
    ticks = [(float(n), f"layer{n}") for n in range(30)]
    axes = curve_figure([CurvePanel("t", [curve("a")])], CurveAxes("x", "y", ticks)).axes[0]
    labels = axes.get_xticklabels()
    assert len(labels) == 10
    assert {label.get_rotation() for label in labels} == {90}


def test_points_say_their_numbers_and_leave_out_what_is_none():
    panel = PointPanel("t", [Point(0.25, 0.2, 0.3), None, Point(np.nan, np.nan, np.nan)], 0.0)
    (axes,) = interval_figure([panel], ["a", "b", "c"]).axes
    assert [text.get_text() for text in axes.texts] == ["0.250"]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["a", "b", "c"]


def test_numbers_of_a_panel_have_as_many_decimals():
    panels = [
        PointPanel("t", [Point(mean, mean, mean) for mean in means]) for means in ((0.17, 1.0), (12.5, 3))
    ]
    texts = [[text.get_text() for text in axes.texts] for axes in interval_figure(panels, ["a", "b"]).axes]
    assert texts == [["0.17", "1.00"], ["12.5", "3.0"]]


@pytest.mark.parametrize(("size", "told"), [(3, 8), (30, 0)])
def test_a_matrix_tells_its_numbers_where_there_is_room(size, told):
    values = np.eye(size)
    values[0, 1] = np.nan
    axes = matrix_figure(values, list(map(str, range(size))), list(map(str, range(size)))).axes[0]
    assert len(axes.texts) == told
