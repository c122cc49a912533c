"""How effects are spread: a histogram for each target, or of few variants a point for each."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

from seqattr.figures.style import LONGEST_NAME, NARROW_INCHES, SERIES, plain, short_name

COLUMNS, PANEL_WIDTH, PANEL_HEIGHT = 3, 3.3, 2.5
NAMES_WIDTH, ROW_HEIGHT = 1.5, 0.2
BINS = 41
LONGEST = 34


class EffectPanel(NamedTuple):
    """Effects (N,) on a target; `across` names the axis."""

    title: str
    effects: npt.NDArray[np.floating]
    across: str


def effect_figure(panels: Sequence[EffectPanel], names: Sequence[str] = (), stacked: bool = False) -> Figure:
    """Each target on its own axis around 0: histograms with counts on a scale of logarithms, so that rare
    large effects show beside many small ones; or points in rows with the `names` of the variants. Panels
    stand side by side, or `stacked` for a narrow page.
    """
    columns = 1 if stacked else min(COLUMNS, len(panels))
    rows = -(-len(panels) // columns)
    width = NARROW_INCHES if stacked else max(6.4, PANEL_WIDTH * columns + NAMES_WIDTH * bool(names))
    names = [short_name(name, LONGEST_NAME if stacked else LONGEST) for name in names]
    height = max(PANEL_HEIGHT, 0.9 + ROW_HEIGHT * len(names)) * rows
    figure = Figure(figsize=(width, height), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for number, (axes, panel) in enumerate(zip(grid, panels, strict=False)):
        if names:
            _points(axes, panel, names if number % columns == 0 else [""] * len(names))
        else:
            _histogram(axes, panel)
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.set_title(short_name(panel.title, LONGEST), fontsize=9)
        axes.set_xlabel(short_name(panel.across, 2 * LONGEST), fontsize=8)
        axes.tick_params(labelsize=7.5)
        plain(axes)
    for axes in grid[len(panels) :]:
        axes.set_visible(False)
    return figure


def _largest(panel: EffectPanel) -> float:
    """How far the axis goes on either side."""
    return float(np.abs(panel.effects).max(initial=0)) or 1.0


def _histogram(axes: Axes, panel: EffectPanel) -> None:
    most = _largest(panel)
    axes.hist(panel.effects, bins=np.linspace(-most, most, BINS + 1).tolist(), color=SERIES[0])
    axes.axvline(0, color="0.6", linewidth=0.8, linestyle=":")
    axes.set_yscale("log")
    axes.set_ylim(bottom=0.7)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda count, _: f"{count:,.0f}" if count >= 1 else ""))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_ylabel("variants", fontsize=8)


def _points(axes: Axes, panel: EffectPanel, names: Sequence[str]) -> None:
    """A row for each variant, the first on top, with a line from 0 to its effect."""
    places = np.arange(len(names))
    axes.hlines(places, 0, panel.effects, color="0.75", linewidth=1)
    axes.axvline(0, color="0.6", linewidth=0.8, linestyle=":")
    axes.plot(panel.effects, places, "o", markersize=4, color=SERIES[0])
    axes.set_yticks(places, names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(-1.1 * _largest(panel), 1.1 * _largest(panel))
