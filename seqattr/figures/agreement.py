"""Hits of two callers side by side: how many there are of each motif, and how many of them both have."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from seqattr.figures.style import MOST_DRAWN, SERIES, inches_wide, plain

PANEL_INCHES = 4.0
HEAD_INCHES = 0.75  # of a panel, for its title and axis
ROW_INCHES = 0.42
BAR = 0.38  # of a row
PALE = 0.35
_POINTS = 8


class Counts(NamedTuple):
    """How many hits of a motif each caller has, and how many of these overlap one of the other's."""

    motif: str
    hits: tuple[int, int]
    agree: tuple[int, int]


def agreement_figure(targets: Mapping[str, Sequence[Counts]], callers: tuple[str, str]) -> Figure:
    """A panel for each target, of the motifs with the most hits; in "78 of 91" of 91 hits both agree."""
    shown = {target: most(counts) for target, counts in list(targets.items())[:MOST_DRAWN]}
    names = max((inches_wide(one.motif, _POINTS) for counts in shown.values() for one in counts), default=1)
    rows = [max(len(counts), 1) for counts in shown.values()]
    size = (0.4 + names + PANEL_INCHES, 0.6 + sum(HEAD_INCHES + ROW_INCHES * number for number in rows))
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(len(shown), 1, squeeze=False, height_ratios=rows)[:, 0]
    for axes, (target, counts) in zip(panels, shown.items(), strict=True):
        draw(axes, target, counts)
    handles = [
        Patch(color=SERIES[number], alpha=alpha, label=f"{caller}{what}")
        for number, caller in enumerate(callers)
        for alpha, what in ((1, ", found by both"), (PALE, " alone"))
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, fontsize=_POINTS, frameon=False)
    return figure


def most(counts: Sequence[Counts]) -> list[Counts]:
    """The motifs with the most hits of both, the first on top."""
    return sorted(counts, key=lambda one: -sum(one.hits))[:MOST_DRAWN]


def draw(axes: Axes, target: str, counts: Sequence[Counts]) -> None:
    """Two bars for each motif, with a dark part for what both have."""
    for row, one in enumerate(counts):
        for side, (hits, agree) in enumerate(zip(one.hits, one.agree, strict=True)):
            y = row + (side - 0.5) * BAR
            axes.barh(y, agree, BAR * 0.92, color=SERIES[side])
            axes.barh(y, hits - agree, BAR * 0.92, left=agree, color=SERIES[side], alpha=PALE)
            text = f"{agree:,} of {hits:,}"
            axes.annotate(text, (hits, y), (3, 0), textcoords="offset points", va="center", fontsize=7)
    axes.set_yticks(range(len(counts)), [one.motif for one in counts], fontsize=_POINTS)
    axes.set_ylim(max(len(counts), 1) - 0.5, -0.5)
    axes.set_xlim(0, 1.35 * max((max(one.hits) for one in counts), default=1))
    axes.set_xlabel("hits", fontsize=_POINTS)
    axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
    axes.set_title(target, fontsize=9, loc="left")
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=_POINTS)
    plain(axes, "left")
