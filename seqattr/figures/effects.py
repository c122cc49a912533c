"""How effects are spread: a histogram for each target, counts on a scale of logarithms."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

from seqattr.figures.style import SERIES, plain, short_name

COLUMNS, PANEL_WIDTH, PANEL_HEIGHT = 3, 3.3, 2.5
BINS = 41
LONGEST = 34


class EffectPanel(NamedTuple):
    """Effects (N,) on a target; `across` names the axis."""

    title: str
    effects: npt.NDArray[np.floating]
    across: str


def effect_figure(panels: Sequence[EffectPanel]) -> Figure:
    """Histograms around 0, each on its own axis; rare large effects show beside many small ones."""
    columns = min(COLUMNS, len(panels))
    rows = -(-len(panels) // columns)
    width = max(6.4, PANEL_WIDTH * columns)
    figure = Figure(figsize=(width, PANEL_HEIGHT * rows), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, panel in zip(grid, panels, strict=False):
        most = float(np.abs(panel.effects).max(initial=0)) or 1.0
        axes.hist(panel.effects, bins=np.linspace(-most, most, BINS + 1).tolist(), color=SERIES[0])
        axes.axvline(0, color="0.6", linewidth=0.8, linestyle=":")
        axes.set_yscale("log")
        axes.set_ylim(bottom=0.7)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda count, _: f"{count:,.0f}" if count >= 1 else ""))
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.set_title(short_name(panel.title, LONGEST), fontsize=9)
        axes.set_xlabel(short_name(panel.across, 2 * LONGEST), fontsize=8)
        axes.set_ylabel("variants", fontsize=8)
        axes.tick_params(labelsize=7.5)
        plain(axes)
    for axes in grid[len(panels) :]:
        axes.set_visible(False)
    return figure
