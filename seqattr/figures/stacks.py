"""Stacked bars: of each method what several parts add up to, with the interval of their sum."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from seqattr.figures.intervals import name_rows, with_margins
from seqattr.figures.style import NARROW_INCHES, SERIES, grid_of

ROW_INCHES = 0.25
PANEL_INCHES = 2.7
NAMES_INCHES = 1.8
THICK = 0.62
HATCHES = ("", "////", "....")  # so that parts are told apart without colours
EDGE: dict[str, Any] = {"edgecolor": "white", "linewidth": 0.0}
ROUNDING = 5e-4
END = 1.0  # where the axis is cut, and a bar that goes on has a point


class Stack(NamedTuple):
    """The parts of a bar, none of them below 0, and the ends of the interval of their sum, which may be NaN.

    The name of a `control` is grey.
    """

    parts: Sequence[float]
    low: float
    high: float
    control: bool = False


class StackPanel(NamedTuple):
    """A bar for each row, None where there is none."""

    title: str
    stacks: Sequence[Stack | None]


def stack_figure(
    panels: Sequence[StackPanel],
    rows: Sequence[str],
    parts: Sequence[str],
    across: str = "",
    stacked: bool = False,
) -> Figure:
    """Bars from 0 to END at most, their sums as numbers at the right; a legend of the parts below. Panels
    stand side by side, or `stacked` for a narrow page.
    """
    wide, high = NAMES_INCHES + PANEL_INCHES * len(panels), max(1.6, 1.2 + ROW_INCHES * len(rows))
    size = (NARROW_INCHES, high * len(panels)) if stacked else (wide, high)
    figure = Figure(figsize=size, layout=with_margins())
    grid = figure.subplots(*grid_of(panels, stacked), sharey=True, squeeze=False).ravel()
    end = min(END, 1.15 * max((reach(stack) for panel in panels for stack in panel.stacks), default=END))
    for axes, panel in zip(grid, panels, strict=True):
        for row, stack in enumerate(panel.stacks):
            if stack is not None:
                draw_stack(axes, stack, row, end)
        dress(axes, panel, rows, across)
        axes.set_xlim(0, end)
    handles = [
        Rectangle(
            (0, 0), 1, 1, facecolor=SERIES[part], hatch=HATCHES[part % len(HATCHES)], **EDGE, label=name
        )
        for part, name in enumerate(parts)
    ]
    figure.legend(
        handles=handles,
        loc="outside lower center",
        ncols=1 if stacked else len(parts),
        fontsize=8,
        frameon=False,
    )
    return figure


def reach(stack: Stack | None) -> float:
    """Where a bar and its interval end; a little beyond 0 at least."""
    return 0.01 if stack is None else float(np.nanmax([sum(stack.parts), stack.high, 0.01]))


def draw_stack(axes: Axes, stack: Stack, row: int, end: float) -> None:
    """Part after part from the left, the interval of the sum, and a point where it goes beyond the end."""
    left = 0.0
    for part, value in enumerate(stack.parts):
        axes.barh(
            row,
            max(0.0, min(value, end - left)),
            THICK,
            left=left,
            color=SERIES[part],
            hatch=HATCHES[part % len(HATCHES)],
            **EDGE,
        )
        left = min(end, left + value)
    total = sum(stack.parts)
    if total > end:
        axes.plot([end], [row], marker=">", color="0.2", markersize=5, clip_on=False, zorder=5)
    elif np.isfinite([stack.low, stack.high]).all():
        axes.plot([stack.low, min(end, stack.high)], [row, row], color="0.15", linewidth=1.2, zorder=4)
    where: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points"}
    axes.annotate(share(total), (1, row), xytext=(7, 0), va="center", fontsize=7, color="0.25", **where)


def share(value: float) -> str:
    """In percent, with three digits, and nothing for what is rounding."""
    return "0 %" if value < ROUNDING else f"{100 * value:.{0 if value >= 1 else 1}f} %"


def dress(axes: Axes, panel: StackPanel, rows: Sequence[str], across: str) -> None:
    """Rows from above, controls' names in grey."""
    name_rows(axes, panel.title, rows, across)
    for tick, stack in zip(axes.yaxis.get_major_ticks(len(rows)), panel.stacks, strict=True):
        tick.label1.set_color("0.45" if stack is not None and stack.control else "0.1")
    axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
    axes.grid(axis="x", color="0.92", linewidth=0.6)
