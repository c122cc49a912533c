"""A stretch of a sequence: letters, or, where these would be too many, an overview with letters of its
strongest part."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from textwrap import fill

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure, FigureBase
from matplotlib.ticker import MaxNLocator

from seqattr.figures.boxes import within
from seqattr.figures.logos import LogoRows, number_rows
from seqattr.figures.style import SCREEN, SERIES, plain, png_bytes

MOST_LETTERS = 250  # that one line has
ZOOM = 150  # bases of the strongest part, drawn as letters
MOST_BINS = 1200  # of an overview: beyond, a bin has the largest and the least of several bases
OVERVIEW_INCHES = 0.85
NOTE_LETTERS = 18  # of a note, on an inch
OUTPUT = "output of "


class NotebookFigure(Figure):
    """A figure that a notebook shows, whichever of matplotlib's backends it has."""

    def _repr_png_(self) -> bytes:
        return png_bytes(self, dpi=SCREEN)


def stretch_figure(stretch: LogoRows, units: Sequence[str] = (), note: str = "") -> Figure:
    """A stretch of a sequence, of which each row is in one of `units`, with a note below.

    Up to MOST_LETTERS bases are letters. Of more there is an overview, in which what speaks for the target
    and what against it have colours, and below it letters of the ZOOM bases that matter most.
    """
    unit = common_unit(units)
    if units and not unit:
        stretch = with_units(stretch, units)
    whole = stretch.length <= MOST_LETTERS
    letters = stretch if whole else part_of(stretch, *strongest(stretch.contributions, stretch.first))
    heights = [letters.height] if whole else [OVERVIEW_INCHES * len(stretch.labels) + 0.5, letters.height]
    figure = NotebookFigure(figsize=(letters.width, sum(heights)), layout="constrained")
    *above, below = figure.subfigures(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0]
    for panel in above:
        draw_overviews(panel, stretch, letters)
    letters.draw(below)
    if unit:
        figure.supylabel(f"contribution ({unit})", fontsize=8)
    if note:
        figure.supxlabel(fill(note, int(NOTE_LETTERS * letters.width)), fontsize=7, color="0.35")
    return figure


def common_unit(units: Sequence[str]) -> str:
    """That of all rows: outputs of several targets are just that. Empty where rows differ."""
    kinds = {"output of the model" if unit.startswith(OUTPUT) else unit for unit in units}
    different = list(dict.fromkeys(units))
    return different[0] if len(different) == 1 else kinds.pop() if len(kinds) == 1 else ""


def with_units(stretch: LogoRows, units: Sequence[str]) -> LogoRows:
    """Each row with its own below its label."""
    names = {label: f"{label}\n({unit})" for label, unit in zip(stretch.contributions, units, strict=True)}
    rows = {names[label]: values for label, values in stretch.contributions.items()}
    own = None if stretch.own is None else {names[label]: boxes for label, boxes in stretch.own.items()}
    return replace(stretch, contributions=rows, own=own)


def part_of(stretch: LogoRows, start: int, end: int) -> LogoRows:
    """The bases [start, end), with the boxes that lie at least half in them."""
    inside = slice(start - stretch.first, end - stretch.first)
    rows = {label: values[inside] for label, values in stretch.contributions.items()}
    boxes, own = within(stretch.boxes, start, end), stretch.own
    own = None if own is None else {label: within(some, start, end) for label, some in own.items()}
    return LogoRows(rows, stretch.one_hot[:, inside], boxes, start, stretch.ruler, own)


def strongest(contributions: Mapping[str, npt.NDArray[np.floating]], start: int) -> tuple[int, int]:
    """The ZOOM bases [start, end) around which most of all sizes of contributions lie, each row's as a share:
    what lies in their middle counts most.
    """
    sizes = [np.abs(values) for values in contributions.values()]
    share = np.sum([size / (size.sum() or 1) for size in sizes], axis=0)
    first = start + int(np.argmax(np.convolve(share, np.bartlett(ZOOM + 2)[1:-1], "valid")))
    return first, first + ZOOM


def draw_overviews(panel: FigureBase, stretch: LogoRows, letters: LogoRows) -> None:
    """A row for each label, one above the other, in which the bases that are letters too are shaded."""
    rows = panel.subplots(len(stretch.labels), 1, squeeze=False)[:, 0].tolist()
    for axes, (label, values) in zip(rows, stretch.contributions.items(), strict=True):
        draw_overview(axes, values, stretch.first)
        axes.axvspan(
            letters.first - 0.5, letters.first + letters.length - 0.5, color="0.9", zorder=-5, linewidth=0
        )
        axes.set_ylabel(stretch.labels[label], fontsize=8)
    number_rows(rows, stretch.ruler, stretch.first, stretch.first + stretch.length)


def draw_overview(axes: Axes, values: npt.NDArray[np.floating], first: int) -> None:
    """The largest and the least of each bin, on either side of zero."""
    edges = np.unique(np.linspace(0, len(values), min(len(values), MOST_BINS) + 1).round().astype(int))
    most, least = (end.reduceat(values, edges[:-1]) for end in (np.maximum, np.minimum))
    at = first + edges - 0.5
    axes.stairs(np.maximum(most, 0), at, fill=True, color=SERIES[0])
    axes.stairs(np.minimum(least, 0), at, fill=True, color=SERIES[1])
    axes.axhline(0, color="0.6", linewidth=0.5)
    axes.set_xlim(at[0], at[-1])
    axes.tick_params(labelsize=7)
    axes.yaxis.set_major_locator(MaxNLocator(3))
    plain(axes)
