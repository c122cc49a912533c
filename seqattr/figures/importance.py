"""The importance of motif matches against their log-odds: a point for each match."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seqattr.figures.style import GREY, LONGEST_NAME, SERIES, plain, short_name


class Points(NamedTuple):
    """Matches of one motif, or of several that have no colour of their own."""

    name: str
    log_odds: npt.NDArray[np.floating]
    importance: npt.NDArray[np.floating]


def importance_panel(named: Sequence[Points], others: Points, strong: float, title: str = "") -> Figure:
    """Importance against log-odds, the named motifs in colours; beyond the line matches are strong."""
    figure = Figure(figsize=(5.2, 3.6), layout="constrained")
    axes = figure.subplots()
    axes.axhline(0, color="0.6", linewidth=0.6, zorder=0)
    axes.axvline(strong, color="0.6", linewidth=0.8, linestyle=":", zorder=0)
    pairs = [(others, GREY), *zip(named, SERIES, strict=False)]
    drawn = [(points, colour) for points, colour in pairs if len(points.log_odds)]
    # As pixels also where all else is lines: a hundred thousand points would make a huge file.
    look: dict[str, Any] = {"s": 7, "alpha": 0.5, "linewidths": 0, "rasterized": True}
    for points, colour in drawn:
        axes.scatter(points.log_odds, points.importance, color=colour, **look)
    axes.set_xlabel("log-odds of the match (nats)", fontsize=9)
    axes.set_ylabel("importance (sum of contributions)", fontsize=9)
    axes.tick_params(labelsize=8)
    plain(axes)
    axes.set_title(title, fontsize=10)
    if drawn:
        draw_legend(axes, [short_name(points.name, 2 * LONGEST_NAME) for points, _ in drawn])
    return figure


def draw_legend(axes: Axes, names: Sequence[str]) -> None:
    """The names of the points, in the order in which they were drawn."""
    look: dict[str, Any] = {"framealpha": 0.8, "edgecolor": "none", "loc": "upper left", "markerscale": 2}
    legend = axes.legend(axes.collections, ["name"] * len(names), fontsize=7, **look)
    for handle in filter(None, legend.legend_handles):
        handle.set_alpha(1)
    for text, name in zip(legend.get_texts(), names, strict=True):
        text.set_text(name)  # a label that begins with _ would be left out
