"""Figures of motifs in backgrounds."""

import numpy as np
import pytest

from seqattr.analyses.spacing import Distances, spacing
from seqattr.jobs.insertion_figures import distance_figure
from tests.helpers.sequences import one_hot
from tests.helpers.zoo import captured


@pytest.mark.parametrize("distances", [(5,), (0, 2, 5)])
def test_intervals_are_drawn_of_one_distance_and_of_few(distances: tuple[int, ...]) -> None:
    """One pair of strands a row where there is one distance."""
    found = spacing(captured("conv1d")[1], ("GATA", "CAG"), one_hot(6), Distances(distances))
    figure = distance_figure(found, 0, "interaction (logit)")
    assert [axes.get_title() for axes in figure.axes] == ["GATA before CAG", "CAG before GATA"]
    figure.draw_without_rendering()
    for order, axes in enumerate(figure.axes):
        if len(distances) > 1:
            ticks = axes.get_xticks()
            np.testing.assert_array_equal(ticks, ticks.round())
            drawn = [segment[:, 1] for lines in axes.collections for segment in lines.get_segments()]
        else:
            drawn = [line.get_xdata() for line in axes.lines if len(line.get_xdata()) == 2][:4]
        means = found.interaction[0, order].mean(-1).ravel()
        inside = [low <= mean <= high for (low, high), mean in zip(drawn, means, strict=True)]
        assert all(inside)
    labels = [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    assert len(distances) > 1 or labels == [
        "GATA +, CAG +",
        "GATA +, CAG −",
        "GATA −, CAG +",
        "GATA −, CAG −",
    ]


@pytest.mark.parametrize("distances", [(5,), (0, 2, 5)])
def test_panels_of_a_narrow_page_stand_above_each_other(distances: tuple[int, ...]) -> None:
    """With the same points in them, and all names and numbers inside."""
    found = spacing(captured("conv1d")[1], ("GATA", "CAG"), one_hot(6), Distances(distances))
    wide, narrow = (distance_figure(found, 0, "interaction (logit)", stacked) for stacked in (False, True))
    narrow.draw_without_rendering()
    assert narrow.get_figwidth() < wide.get_figwidth() / 1.5
    upper, lower = (axes.get_position() for axes in narrow.axes)
    assert upper.y0 > lower.y1
    assert upper.x0 == pytest.approx(lower.x0)
    for one, other in zip(wide.axes, narrow.axes, strict=True):
        assert one.get_title() == other.get_title()
        for line, same in zip(one.lines, other.lines, strict=True):
            np.testing.assert_array_equal(line.get_xydata(), same.get_xydata())
    box = narrow.get_tightbbox()
    assert box.x0 >= 0
    assert box.x1 <= narrow.get_figwidth()
    assert box.y0 >= 0
