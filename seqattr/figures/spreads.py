"""Box plots: how values spread, a row for each method, a panel for each measure."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from seqattr.figures.style import SERIES, plain

ROW_INCHES = 0.32
PANEL_INCHES = 2.3
NAMES_INCHES = 1.9


class SpreadPanel(NamedTuple):
    """The values of each row, which may be none."""

    title: str
    rows: Sequence[npt.NDArray[np.floating]]


def spread_figure(panels: Sequence[SpreadPanel], rows: Sequence[str], across: str) -> Figure:
    """Boxes from quartile to quartile with the median in them, whiskers to the 5th and 95th percentile."""
    size = (NAMES_INCHES + PANEL_INCHES * len(panels), 0.9 + ROW_INCHES * len(rows))
    margins = ConstrainedLayoutEngine(rect=(0.01, 0, 0.98, 1))  # else the longest name touches the edge
    figure = Figure(figsize=size, layout=margins)
    grid = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    look: dict[str, Any] = {"color": "0.3", "linewidth": 0.9}
    for axes, panel in zip(grid, panels, strict=True):
        axes.boxplot(
            [row[np.isfinite(row)] for row in panel.rows],
            orientation="horizontal",
            positions=range(len(rows)),
            widths=0.6,
            whis=(5, 95),
            showfliers=False,
            patch_artist=True,
            boxprops={"facecolor": SERIES[5], "edgecolor": "0.3", "linewidth": 0.9},
            medianprops={"color": "black", "linewidth": 1.6},
            whiskerprops=look,
            capprops=look,
        )
        axes.axvline(0, color="0.6", linewidth=0.8, linestyle=":", zorder=0)
        axes.set_yticks(range(len(rows)), rows)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_title(panel.title, fontsize=9)
        axes.set_xlabel(across, fontsize=8)
        axes.tick_params(labelsize=7.5, length=0)
        axes.grid(axis="x", color="0.92", linewidth=0.6)
        axes.set_axisbelow(True)
        plain(axes, "left")
    return figure
