"""Shares as bars: a row for each method, say, and a panel for each measure."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from seqattr.figures.style import NARROW_INCHES, SERIES, grid_of, plain

BAR_INCHES = 0.21
BAR_ALPHA = 0.45
WIDTH_INCHES = 8.6  # of the figure, unless panels need more
PANEL_INCHES = 2.0
NAMES_INCHES = 1.9


class Interval(NamedTuple):
    """A mean and the ends of its 95 % interval, NaN of one value; `values` are those that it is of."""

    mean: float
    low: float
    high: float
    values: tuple[float, ...]


class Panel(NamedTuple):
    """One measure: for each series, such as a kind of references, its intervals row by row, None where it
    was not measured.
    """

    title: str
    series: Sequence[Sequence[Interval | None]]


def bar_figure(
    panels: Sequence[Panel], series: Sequence[str], rows: Sequence[str], stacked: bool = False
) -> Figure:
    """Shares as bars for the mean, points for the values, and lines for the 95 % interval; a legend where
    there are several series. All panels have one scale; they stand side by side, or `stacked` for a narrow
    page.
    """
    height = BAR_INCHES * len(rows) * len(series) + 0.75 + 0.25 * (len(series) > 1)
    margins = ConstrainedLayoutEngine(rect=(0.01, 0, 0.98, 1))  # else the longest name touches the edge
    width = max(WIDTH_INCHES, NAMES_INCHES + PANEL_INCHES * len(panels))
    size = (NARROW_INCHES, max(height, 1.6) * len(panels)) if stacked else (width, max(height, 1.6))
    figure = Figure(figsize=size, layout=margins)
    gaps = {"wspace": 0.06}
    grid = figure.subplots(*grid_of(panels, stacked), sharey=True, squeeze=False, gridspec_kw=gaps).ravel()
    end = end_of(panels)
    for axes, panel in zip(grid, panels, strict=True):
        for number, intervals in enumerate(panel.series):
            draw_bars(axes, intervals, number, len(series))
        dress_bars(axes, panel.title, rows, end)
    if len(series) > 1:
        handles = [
            Rectangle((0, 0), 1, 1, color=colour_of(number), alpha=BAR_ALPHA, label=name)
            for number, name in enumerate(series)
        ]
        figure.legend(
            handles=handles, loc="outside lower center", ncols=2 if stacked else 4, fontsize=8, frameon=False
        )
    return figure


def end_of(panels: Sequence[Panel]) -> float:
    """Of the axis: behind whatever reaches farthest in any panel, with room for its number."""
    every = [one for panel in panels for series in panel.series for one in series if one is not None]
    return min(max(1.18 * max(map(tip_of, every), default=0), 0.02), 1.25)


def tip_of(interval: Interval) -> float:
    """Where a bar, its points and its interval end; 0 of what is no number."""
    return float(np.nanmax([0.0, interval.mean, interval.high, *interval.values]))


def colour_of(number: int) -> str:
    """That of a series; after the last one they begin again."""
    return SERIES[number % len(SERIES)]


def draw_bars(axes: Axes, intervals: Sequence[Interval | None], number: int, count: int) -> None:
    """The bars of one series of so many, each a little above or below the middle of its row."""
    thick = 0.78 / count
    for row, interval in enumerate(intervals):
        if interval is not None and not np.isnan(interval.mean):
            draw_bar(axes, interval, row + (number - (count - 1) / 2) * thick, thick, colour_of(number))


def draw_bar(axes: Axes, interval: Interval, y: float, thick: float, colour: str) -> None:
    """A bar at the height y, and its number behind whatever reaches farthest."""
    axes.barh(y, interval.mean, thick * 0.92, color=colour, alpha=BAR_ALPHA)
    if len(interval.values) > 1:
        axes.plot([interval.low, interval.high], [y, y], color="0.25", linewidth=1.1, zorder=3)
        look: dict[str, Any] = {"color": colour, "edgecolors": "white", "linewidths": 0.4, "zorder": 4}
        axes.scatter(interval.values, [y] * len(interval.values), s=13, **look)
    axes.annotate(
        percent_label(interval.mean),
        (tip_of(interval), y),
        xytext=(4, 0),
        textcoords="offset points",
        va="center",
        fontsize=7,
        color="0.25",
    )


def percent_label(share: float) -> str:
    """A share in percent, without the sign."""
    return "< 0.1" if 0 < share < 0.0005 else f"{100 * share:.1f}"


def dress_bars(axes: Axes, title: str, rows: Sequence[str], end: float) -> None:
    """The axis of shares up to an end below, the rows' names, and a title."""
    axes.set_title(title, fontsize=9)
    axes.set_yticks(range(len(rows)), rows)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(0, end)
    ticks = MaxNLocator(4).tick_values(0, end)
    axes.set_xticks([tick for tick in ticks if 0 <= tick <= min(1, 0.92 * end)])
    axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:g} %")
    axes.tick_params(labelsize=8, length=0)
    axes.grid(axis="x", color="0.9", linewidth=0.6)
    axes.set_axisbelow(True)
    plain(axes, "bottom")
