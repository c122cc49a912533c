"""Box plots and small images hold what they are given."""

import numpy as np
import pytest

from seqattr.figures.images import Image, image_figure
from seqattr.figures.spreads import SpreadPanel, spread_figure


def test_a_box_stands_at_the_quartiles_of_the_numbers_that_there_are():
    values = np.r_[np.arange(101.0), np.nan]
    figure = spread_figure([SpreadPanel("one", [values, values + 1000])], ["a", "b"], "change")
    axes = figure.axes[0]
    box = axes.patches[0].get_path().vertices
    assert (box[:, 0].min(), box[:, 0].max()) == pytest.approx((25, 75))
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b"]
    assert axes.get_xlabel() == "change"


def test_panels_are_beside_each_other_under_their_titles():
    rows = [np.arange(4.0), np.empty(0)]
    figure = spread_figure([SpreadPanel(title, rows) for title in "xy"], ["a", "none"], "")
    assert [axes.get_title() for axes in figure.axes] == ["x", "y"]


def test_pixels_are_crossed_out_where_they_are():
    brightness, crossed = np.zeros((3, 4)), np.zeros((3, 4), bool)
    brightness[0, 1], crossed[2, 3] = 1, True
    images = [Image(brightness, np.zeros((3, 4), bool)), Image(brightness, crossed, "+2.0")]
    figure = image_figure([images], ["8 to 3"], ["the digit", "deeplift-rescale"])
    first, second = figure.axes
    assert first.get_images()[0].get_array().tolist() == brightness.tolist()
    assert len(first.collections[0].get_offsets()) == 0
    assert second.collections[0].get_offsets().tolist() == [[3, 2]]
    assert second.get_xlabel() == "+2.0"
    assert first.get_ylabel() == "8 to 3"
    assert second.get_title() == "deeplift-\nrescale"
