"""Histograms of distances, with what chance would have them as a band."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from seqattr.figures.style import GREY, SERIES, plain

PANEL_INCHES = (3.3, 2.2)
COLUMNS = 3


class Histogram(NamedTuple):
    """Counts (B,) in bins between edges (B + 1,), and the ends of the band that chance would leave; below
    `clear` the band does not hold."""

    title: str
    edges: npt.NDArray[np.integer | np.floating]
    counts: npt.NDArray[np.integer | np.floating]
    low: npt.NDArray[np.floating]
    high: npt.NDArray[np.floating]
    clear: float = 0


def histogram_figure(histograms: Sequence[Histogram], across: str, up: str, chance: str) -> Figure:
    """A panel for each, with one legend above them, in which `chance` says what the band is."""
    columns = min(COLUMNS, len(histograms))
    lines = -(-len(histograms) // columns)
    size = (max(PANEL_INCHES[0] * columns, 5.0), PANEL_INCHES[1] * lines + 0.4)
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(lines, columns, squeeze=False)
    for axes, histogram in zip(grid.flat, histograms, strict=False):
        draw_histogram(axes, histogram)
        axes.set_xlabel(across, fontsize=8)
        axes.set_ylabel(up, fontsize=8)
    for axes in list(grid.flat)[len(histograms) :]:
        axes.set_axis_off()
    look: dict[str, Any] = {"ncols": 2, "fontsize": 8, "frameon": False, "loc": "outside upper center"}
    figure.legend(handles_of(grid.flat[0]), ["hits in one sequence", chance], **look)
    return figure


def handles_of(axes: Axes) -> list[Artist]:
    """The steps and the band, in this order."""
    named = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    return [named["observed"], named["chance"]]


def draw_histogram(axes: Axes, histogram: Histogram) -> None:
    """Steps, and a band in which they would stay by chance."""
    low, high = (np.append(side, side[-1]) for side in (histogram.low, histogram.high))
    band: dict[str, Any] = {"step": "post", "color": GREY, "alpha": 0.35, "linewidth": 0, "zorder": 1}
    axes.fill_between(histogram.edges, low, high, label="chance", **band)
    axes.stairs(histogram.counts, histogram.edges, color=SERIES[0], linewidth=1.1, label="observed", zorder=3)
    if histogram.clear:
        axes.axvspan(
            0, histogram.clear, facecolor="0.95", edgecolor="0.85", hatch="///", linewidth=0, zorder=-1
        )
    axes.set_ylim(bottom=0)
    axes.set_xlim(histogram.edges[0], histogram.edges[-1])
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.tick_params(labelsize=7)
    axes.set_title(histogram.title, fontsize=8)
    plain(axes)
