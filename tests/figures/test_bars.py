"""Shares as bars, side by side and below each other."""

import numpy as np
import pytest

from seqattr.figures.bars import Interval, Panel, bar_figure, percent_label
from seqattr.figures.style import NARROW_INCHES

ONE = Interval(0.25, np.nan, np.nan, (0.25,))
PANELS = [Panel(f"{name} missed", [[ONE, None, ONE]]) for name in ("TAL1", "GATA1")]
ROWS = ["deeplift", "gradient", "integrated-gradients-50"]


@pytest.mark.parametrize(("stacked", "across", "down"), [(False, 2, 1), (True, 1, 2)])
def test_panels_stand_side_by_side_or_below_each_other(stacked: bool, across: int, down: int) -> None:
    figure = bar_figure(PANELS, ["freq"], ROWS, stacked)
    grid = figure.axes[0].get_subplotspec().get_gridspec()
    assert (grid.ncols, grid.nrows) == (across, down)
    assert (figure.get_size_inches()[0] == NARROW_INCHES) == stacked
    for axes, panel in zip(figure.axes, PANELS, strict=True):
        assert axes.get_title() == panel.title
        assert [text.get_text() for text in axes.texts] == ["25.0", "25.0"]
    names = [[label.get_text() for label in axes.get_yticklabels()] for axes in figure.axes]
    assert names == ([ROWS, ROWS] if stacked else [ROWS, []])


def test_shares_have_one_decimal() -> None:
    shares = (0, 2e-4, 0.0078, 0.016, 0.662)
    assert [percent_label(value) for value in shares] == ["0.0", "< 0.1", "0.8", "1.6", "66.2"]
