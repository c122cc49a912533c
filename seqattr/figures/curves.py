"""Curves with bands: a line for each method, a panel for each target, say."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seqattr.figures.style import NARROW_INCHES, SERIES, grid_of, plain, whole_numbers

PANEL_INCHES = 3.1
HEIGHT_INCHES = 2.9
NAMES_INCHES = 1.9  # of the legend, beside the panels
NAME_INCHES = 0.17  # of a legend below
LINES = ("-", "--", "-.")  # once all colours are used up, they begin again with another line
MARKERS = ("o", "s", "^")
MOST_TICKS = 12
LONG_TICK = 4  # letters, from which on ticks are written upwards
BAND = 0.13
FEW_PLACES, FEW_CURVES = 5, 6  # whose intervals are drawn one by one
APART = 0.012  # of the axis, of curves whose intervals would lie on each other
DOTTED = (0, (1, 1.5))
CONTROL_LINES = (DOTTED, (0, (4, 1.5)), (0, (4, 1.5, 1, 1.5)), (0, (8, 2)))


class Curve(NamedTuple):
    """Values (P,) of one series at places (P,) along the axis, with the ends of their intervals, which may be
    NaN. That of a `control` is grey.
    """

    name: str
    at: npt.NDArray[np.floating]
    mean: npt.NDArray[np.floating]
    low: npt.NDArray[np.floating]
    high: npt.NDArray[np.floating]
    control: bool = False


class CurvePanel(NamedTuple):
    """The curves of one pair of axes."""

    title: str
    curves: Sequence[Curve]


class CurveAxes(NamedTuple):
    """What stands at the axes: their names, and words for places along the lower one, as names of layers;
    where that `counts`, as bases, its ticks are whole numbers.
    """

    across: str
    up: str
    ticks: Sequence[tuple[float, str]] = ()
    counts: bool = False


def curve_figure(panels: Sequence[CurvePanel], axes: CurveAxes, stacked: bool = False) -> Figure:
    """Panels that share both axes, and a legend beside them, in the order of the curves' ends; for a narrow
    page `stacked`, with the legend below.
    """
    looks = looks_of(panels)
    narrow = (NARROW_INCHES, HEIGHT_INCHES * len(panels) + NAME_INCHES * len(looks))
    size = narrow if stacked else (PANEL_INCHES * len(panels) + NAMES_INCHES, HEIGHT_INCHES)
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(*grid_of(panels, stacked), sharex=True, sharey=True, squeeze=False)
    for each, panel in zip(grid.flat, panels, strict=True):
        for curve, shift in zip(panel.curves, shifts(panel.curves), strict=True):
            draw_curve(each, curve, looks[curve.name], shift)
        each.set_title(panel.title, fontsize=9)
        dress(each, axes)
    for each in grid[:, 0]:
        each.set_ylabel(axes.up, fontsize=8)
    for each in grid[:-1].flat:  # the axis below is theirs too
        each.set_xlabel("")
    draw_legend(figure, grid[0, 0], panels, stacked)
    return figure


def looks_of(panels: Sequence[CurvePanel]) -> dict[str, dict[str, Any]]:
    """Colour and line of each name, the same in all panels and told apart without colour."""
    every = {curve.name: curve.control for panel in panels for curve in panel.curves}
    methods = [name for name, control in every.items() if not control]
    looks = {name: method_look(number) for number, name in enumerate(methods)}
    controls = [name for name, control in every.items() if control]
    return looks | {name: control_look(number) for number, name in enumerate(controls)}


def method_look(number: int) -> dict[str, Any]:
    """Of the method of this number."""
    round_, colour = divmod(number, len(SERIES))
    style = round_ % len(LINES)
    return {"color": SERIES[colour], "linestyle": LINES[style], "marker": MARKERS[style]}


def control_look(number: int) -> dict[str, Any]:
    """Grey, and without points."""
    return {"color": "0.45", "linestyle": CONTROL_LINES[number % len(CONTROL_LINES)], "marker": None}


def shifts(curves: Sequence[Curve]) -> list[float] | list[None]:
    """How far beside their places few curves with few places are drawn, so that their intervals do not lie on
    each other; None each where bands show more.
    """
    places = np.unique(np.concatenate([np.zeros(0), *(curve.at for curve in curves)]))
    if len(places) > FEW_PLACES or len(curves) > FEW_CURVES:
        return [None] * len(curves)
    step = APART * (float(np.ptp(places)) or 1.0) if len(places) else 0.0
    return [step * (number - (len(curves) - 1) / 2) for number in range(len(curves))]


def draw_curve(axes: Axes, curve: Curve, look: dict[str, Any], shift: float | None = None) -> None:
    """The band first, below all lines; where the curve is shifted a line for each interval."""
    order = np.argsort(curve.at, kind="stable")
    at, low, high = curve.at[order] + (shift or 0.0), curve.low[order], curve.high[order]
    if shift is None:
        axes.fill_between(at, low, high, color=look["color"], alpha=BAND, linewidth=0, zorder=1)
    else:
        axes.vlines(at, low, high, color=look["color"], linewidth=1.1, alpha=0.7, zorder=2)
    axes.plot(at, curve.mean[order], linewidth=1.3, markersize=3, label=curve.name, zorder=3, **look)


def dress(axes: Axes, words: CurveAxes) -> None:
    """Ticks, names and a quiet grid."""
    axes.set_xlabel(words.across, fontsize=8)
    if words.ticks:
        shown = words.ticks[:: -(-len(words.ticks) // MOST_TICKS)]
        upwards = any(len(text) > LONG_TICK for _, text in shown)
        names = [text for _, text in shown]
        axes.set_xticks([at for at, _ in shown], names, rotation=90 if upwards else 0)
    elif words.counts:
        whole_numbers(axes.xaxis)
    axes.tick_params(labelsize=7)
    axes.grid(axis="y", color="0.92", linewidth=0.6)
    axes.set_axisbelow(True)
    plain(axes)


def draw_legend(figure: Figure, axes: Axes, panels: Sequence[CurvePanel], below: bool) -> None:
    """Names in the order in which the first panel's curves end, from above; controls below."""
    handles, names = axes.get_legend_handles_labels()
    ends = {curve.name: (curve.control, -end_of(curve)) for curve in panels[0].curves}
    order = sorted(range(len(names)), key=lambda number: ends[names[number]])
    figure.legend(
        [handles[number] for number in order],
        [names[number] for number in order],
        loc="outside lower left" if below else "outside right upper",
        fontsize=7.5,
        frameon=False,
        handlelength=3,
    )


def end_of(curve: Curve) -> float:
    """The value farthest along the axis that is a number."""
    known = np.isfinite(curve.mean)
    return float(curve.mean[known][np.argmax(curve.at[known])]) if known.any() else -np.inf
