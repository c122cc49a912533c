"""All groups of motifs at once: how much each explains, against how surely."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter

from seqattr.figures.labels import name_spots
from seqattr.figures.style import GREY, SERIES, inches_wide, plain
from seqattr.support.rounding import number_of

WIDTH, HEIGHT = 5.4, 4.35
ROOM = (4.5, 2.95)  # inches of the axes
LEFT, BOTTOM = 0.72, 1.05
LEGEND_COLUMNS = 3
CAP = 30.0  # of -log10 q: what is beyond is sure enough
LEAST = 1e-4  # of shares: what is less is drawn there
NAME_POINTS = 7.5
MOST_NAMES = 12
DOT_INCHES = (0.03, 0.11)  # radius of a group of one hit, and of the one that has most


class Dot(NamedTuple):
    """A group: the share of importance that it explains, its q-value, its hits, and whether these count for
    the target (above 0) or against."""

    name: str
    share: float
    q_value: float
    hits: int
    sign: float
    carries: bool


class Limits(NamedTuple):
    """A group carries that has at most this q-value, and explains at least this share."""

    q_value: float
    share: float


def overview_panel(dots: Sequence[Dot], limits: Limits, title: str = "") -> Figure:
    """Share explained against -log10 q, a dot for each group, those that carry in colour and named.

    Dots are the larger, the more hits there are. The legend stands below the axes.
    """
    figure = Figure(figsize=(WIDTH, HEIGHT))
    axes = figure.add_axes((LEFT / WIDTH, BOTTOM / HEIGHT, ROOM[0] / WIDTH, ROOM[1] / HEIGHT))
    axes.set_title(title, fontsize=10)
    order = sorted(dots, key=lambda dot: (not dot.carries, -dot.share))
    points, radii = places_of(order), radii_of(order)
    dress(axes, points, limits)
    for carries in (False, True):  # those that carry on top
        some = [number for number, dot in enumerate(order) if dot.carries == carries]
        colours = [colour_of(order[number]) for number in some]
        sizes = (2 * 72 * radii[some]) ** 2
        look: dict[str, Any] = {"linewidths": 0.4, "edgecolors": "white", "zorder": 3 if carries else 2}
        axes.scatter(points[some, 0], points[some, 1], s=sizes, c=colours, alpha=0.85, **look)
    draw_names(axes, order, points, radii)
    draw_legend(axes, order)
    return figure


def places_of(dots: Sequence[Dot]) -> npt.NDArray[np.floating]:
    """(D, 2): log10 of the shares, and -log10 of q, within what is drawn."""
    share = np.array([max(dot.share, LEAST) if dot.share == dot.share else LEAST for dot in dots])
    q_value = np.array([dot.q_value if dot.q_value == dot.q_value else 1.0 for dot in dots])
    sure = -np.log10(np.maximum(q_value, 10.0**-CAP))
    return np.stack([np.log10(share), sure], axis=1).reshape(-1, 2)


def radii_of(dots: Sequence[Dot]) -> npt.NDArray[np.floating]:
    """(D,) in inches: the area of a dot grows with its hits."""
    hits = np.array([dot.hits for dot in dots], float)
    least, most = DOT_INCHES
    return np.sqrt(least**2 + (most**2 - least**2) * hits / max(hits.max(initial=1), 1))


def colour_of(dot: Dot) -> str:
    if not dot.carries:
        return GREY
    return SERIES[0] if dot.sign >= 0 else SERIES[1]


def dress(axes: Axes, points: npt.NDArray[np.floating], limits: Limits) -> None:
    """Axes, their limits and the lines beyond which a group carries."""
    left = min(float(points[:, 0].min(initial=-2)), -2) - 0.15
    top = max(float(points[:, 1].max(initial=3)), 3.0)
    axes.set_xlim(left, 0.08)
    axes.set_ylim(-0.06 * top, 1.1 * top)
    ticks = [power for power in range(-4, 1) if power >= left]
    axes.set_xticks(ticks, [f"{100 * 10.0**power:g} %" for power in ticks])
    axes.tick_params(labelsize=8)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}{'+' if value >= CAP else ''}"))
    line: dict[str, Any] = {"color": "0.6", "linewidth": 0.8, "linestyle": ":", "zorder": 0}
    axes.axhline(-math.log10(limits.q_value), **line)
    if limits.share > 0:
        axes.axvline(math.log10(limits.share), **line)
    axes.set_xlabel("share of all contributions that its hits explain", fontsize=8.5)
    axes.set_ylabel("how surely: −log10 q", fontsize=8.5)
    plain(axes)


def draw_names(
    axes: Axes, dots: Sequence[Dot], points: npt.NDArray[np.floating], radii: npt.NDArray[np.floating]
) -> None:
    """The names of the leading groups that carry, apart from each other and from all dots."""
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    corner, span = np.array([left, low]), np.array([right - left, high - low])
    named = [dot for dot in dots if dot.carries][:MOST_NAMES]
    sizes = [(inches_wide(dot.name, NAME_POINTS), 1.15 * NAME_POINTS / 72) for dot in named]
    inches = (points - corner) / span * np.array(ROOM)
    for dot, point, spot in zip(named, points, name_spots(inches, radii, sizes, ROOM), strict=False):
        if spot is not None:
            x, y = np.array(spot[:2]) / ROOM * span + corner
            near = np.array(spot.near) / ROOM * span + corner
            axes.plot(*zip(point, near, strict=True), color="0.7", linewidth=0.6, zorder=1)
            ground: dict[str, Any] = {"facecolor": "white", "edgecolor": "none", "pad": 0, "alpha": 0.8}
            look: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": NAME_POINTS, "bbox": ground}
            axes.text(x, y, dot.name, zorder=4, **look)


def draw_legend(axes: Axes, dots: Sequence[Dot]) -> None:
    """Below the axes: what colours and sizes mean."""
    kinds = {
        "carries, for the target": SERIES[0],
        "carries, against it": SERIES[1],
        "does not carry": GREY,
    }
    look: dict[str, Any] = {"linestyle": "none", "marker": "o", "markeredgewidth": 0}
    used = {colour_of(dot) for dot in dots}
    handles = [
        Line2D([], [], color=colour, label=text, markersize=6, **look)
        for text, colour in kinds.items()
        if colour in used
    ]
    most = max((dot.hits for dot in dots), default=0)
    for hits, radius in ((1, DOT_INCHES[0]), (most, DOT_INCHES[1])):
        if hits:
            text = number_of(hits, "hit")
            handles.append(Line2D([], [], color="0.4", label=text, markersize=2 * 72 * radius, **look))
    words: dict[str, Any] = {"fontsize": 8, "frameon": False, "labelspacing": 1.0, "columnspacing": 1.4}
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.legend(handles=handles, loc="lower center", ncols=LEGEND_COLUMNS, **words)
