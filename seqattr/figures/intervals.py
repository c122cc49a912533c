"""Means with their intervals as points: a row for each method, a panel for each metric or target."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MaxNLocator

from seqattr.figures.numbers import column
from seqattr.figures.style import NARROW_INCHES, SERIES, grid_of, plain

ROW_INCHES = 0.23
PANEL_INCHES = 2.7
NAMES_INCHES = 1.8


class Point(NamedTuple):
    """A mean and the ends of its interval, which may be NaN. That of a `control` is grey."""

    mean: float
    low: float
    high: float
    control: bool = False


class PointPanel(NamedTuple):
    """One point for each row, None where there is none; `line` is a value to compare with, as 0 or 1."""

    title: str
    points: Sequence[Point | None]
    line: float | None = None


def interval_figure(
    panels: Sequence[PointPanel],
    rows: Sequence[str],
    across: str = "",
    written: Callable[[float], str] | None = None,
    stacked: bool = False,
) -> Figure:
    """Points with the lines of their intervals, and each mean as a number beside, as it is `written`: by
    itself with as many decimals as the others of its panel. `across` names the axis. Panels stand side by
    side, or `stacked` for a narrow page.
    """
    wide, high = NAMES_INCHES + PANEL_INCHES * len(panels), max(1.5, 0.9 + ROW_INCHES * len(rows))
    size = (NARROW_INCHES, high * len(panels)) if stacked else (wide, high)
    figure = Figure(figsize=size, layout=with_margins())
    grid = figure.subplots(*grid_of(panels, stacked), sharey=True, squeeze=False)
    for axes, panel in zip(grid.flat, panels, strict=True):
        means = [np.nan if point is None else point.mean for point in panel.points]
        texts = column(means) if written is None else list(map(written, means))
        for row, point in enumerate(panel.points):
            if point is not None and np.isfinite(point.mean):
                draw_point(axes, point, row, texts[row])
        dress(axes, panel, rows, across)
    return figure


def with_margins() -> ConstrainedLayoutEngine:
    """A layout in which the longest name of a row does not touch the edge."""
    return ConstrainedLayoutEngine(rect=(0.015, 0, 0.97, 1))


def draw_point(axes: Axes, point: Point, row: int, text: str) -> None:
    """In its row, with its number as text at the right edge."""
    colour = "0.45" if point.control else SERIES[0]
    if np.isfinite([point.low, point.high]).all():
        axes.plot([point.low, point.high], [row, row], color=colour, linewidth=1.6, zorder=2)
    axes.plot([point.mean], [row], color=colour, marker="D" if point.control else "o", markersize=4.5)
    axes.annotate(
        text,
        (1, row),
        xytext=(3, 0),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        va="center",
        fontsize=7,
        color="0.25",
    )


def dress(axes: Axes, panel: PointPanel, rows: Sequence[str], across: str) -> None:
    """Rows from above, a line at what is compared with."""
    if panel.line is not None:
        axes.axvline(panel.line, color="0.6", linewidth=0.8, linestyle=":", zorder=1)
    name_rows(axes, panel.title, rows, across)
    axes.grid(color="0.92", linewidth=0.6)


def name_rows(axes: Axes, title: str, rows: Sequence[str], across: str) -> None:
    """Named from above, with an axis below that `across` names."""
    axes.set_title(title, fontsize=9)
    axes.set_yticks(range(len(rows)), rows)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.set_xlabel(across, fontsize=8)
    axes.tick_params(labelsize=7.5, length=0)
    axes.set_axisbelow(True)
    plain(axes, "left")
