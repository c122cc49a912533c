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
