"""A stretch of a sequence: letters, or, where these would be too many, an overview with letters of its
strongest part."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from seqattr.figures.boxes import INCHES_PER_BASE, NAME_INCHES, Box, draw_box, name_levels
from seqattr.figures.logos import ROW_INCHES, draw_logo
from seqattr.figures.ruler import Ruler, draw_ruler
from seqattr.figures.style import SERIES, plain, save

MOST_LETTERS = 250  # that one line has
ZOOM = 150  # bases of the strongest part, drawn as letters
MOST_BINS = 1200  # of an overview: beyond, a bin has the largest and the least of several bases
OVERVIEW_INCHES = 0.85
LEAST_INCHES = 6.0
SIDE_INCHES = 0.6  # for numbers and names beside the rows


class Stretch(NamedTuple):
    """Bases (4, w) one-hot from the base `start` of a row on, how these are numbered, and what is boxed."""

    one_hot: npt.NDArray[np.integer]
    start: int = 0
    ruler: Ruler = Ruler()
    boxes: Sequence[Box] = ()

    @property
    def end(self) -> int:
        return self.start + self.one_hot.shape[1]

    def part(self, start: int, end: int) -> "Stretch":
        """The bases [start, end) of the row, with the boxes that lie at least half in them."""
        inside = [Box(max(box.start, start), min(box.end, end), box.name) for box in self.boxes]
        boxes = [
            cut for cut, box in zip(inside, self.boxes, strict=True)
            if 2 * (cut.end - cut.start) >= box.end - box.start
        ]  # fmt: skip
        one_hot = self.one_hot[:, start - self.start : end - self.start]
        return Stretch(one_hot, start, self.ruler, boxes)


class NotebookFigure(Figure):
    """A figure that a notebook shows, whichever of matplotlib's backends it has."""

    def _repr_png_(self) -> bytes:
        file = BytesIO()
        save(self, file, "png", dpi=100)
        return file.getvalue()


def stretch_figure(
    contributions: Mapping[str, npt.NDArray[np.floating]], stretch: Stretch, unit: str = ""
) -> Figure:
    """Rows of `contributions` (label -> (w,)) on a stretch, one above the other, in a unit.

    Up to MOST_LETTERS bases are letters. Of more there is an overview, in which what speaks for the target
    and what against it have colours, and below it letters of the ZOOM bases that matter most.
    """
    length = stretch.one_hot.shape[1]
    whole = length <= MOST_LETTERS
    zoomed = stretch if whole else stretch.part(*strongest(contributions, stretch.start))
    names = NAME_INCHES * max(name_levels(zoomed.boxes), default=0)
    overview = 0.0 if whole else OVERVIEW_INCHES * len(contributions) + 0.5
    letters = ROW_INCHES * len(contributions) + 0.8 + names
    width = max(LEAST_INCHES, zoomed.one_hot.shape[1] * INCHES_PER_BASE + SIDE_INCHES)
    figure = NotebookFigure(figsize=(width, overview + letters), layout="constrained")
    heights = [letters] if whole else [overview, letters]
    *above, below = figure.subfigures(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0]
    for panel in above:
        rows = panel.subplots(len(contributions), 1, squeeze=False)[:, 0]
        for axes, (label, values) in zip(rows, contributions.items(), strict=True):
            draw_overview(axes, values, label, stretch, zoomed)
        finish(rows, stretch, unit)
    rows = below.subplots(len(contributions), 1, squeeze=False)[:, 0]
    first = zoomed.start - stretch.start
    for axes, (label, values) in zip(rows, contributions.items(), strict=True):
        part = values[first : first + zoomed.one_hot.shape[1]]
        draw_logo(axes, part, zoomed.one_hot, label, zoomed.start)
    draw_boxes(rows, zoomed.boxes)
    finish(rows, zoomed, unit)
    return figure


def strongest(contributions: Mapping[str, npt.NDArray[np.floating]], start: int) -> tuple[int, int]:
    """The ZOOM bases [start, end) around which most of all sizes of contributions lie, each row's as a share:
    what lies in their middle counts most.
    """
    sizes = [np.abs(values) for values in contributions.values()]
    share = np.sum([size / (size.sum() or 1) for size in sizes], axis=0)
    first = start + int(np.argmax(np.convolve(share, np.bartlett(ZOOM + 2)[1:-1], "valid")))
    return first, first + ZOOM


def draw_overview(
    axes: Axes, values: npt.NDArray[np.floating], label: str, stretch: Stretch, zoomed: Stretch
) -> None:
    """The largest and the least of each bin, on either side of zero, and where the zoom is."""
    edges = np.unique(np.linspace(0, len(values), min(len(values), MOST_BINS) + 1).round().astype(int))
    most, least = (end.reduceat(values, edges[:-1]) for end in (np.maximum, np.minimum))
    at = stretch.start + edges - 0.5
    axes.axvspan(zoomed.start - 0.5, zoomed.end - 0.5, color="0.9", zorder=-5, linewidth=0)
    axes.stairs(np.maximum(most, 0), at, fill=True, color=SERIES[0])
    axes.stairs(np.minimum(least, 0), at, fill=True, color=SERIES[1])
    axes.axhline(0, color="0.6", linewidth=0.5)
    axes.set_xlim(at[0], at[-1])
    axes.set_ylabel(label, fontsize=9)
    axes.tick_params(labelsize=7)
    axes.yaxis.set_major_locator(MaxNLocator(3))
    plain(axes)


def draw_boxes(rows: Sequence[Axes], boxes: Sequence[Box]) -> None:
    """In every row, named in the first."""
    levels = name_levels(boxes)
    for axes in rows:
        for box, level in zip(boxes, levels, strict=True):
            draw_box(axes, box, level if axes is rows[0] else None)


def finish(rows: Sequence[Axes], stretch: Stretch, unit: str) -> None:
    """Bases numbered below the last row, and the unit beside all of them."""
    for axes in rows[:-1]:
        axes.tick_params(labelbottom=False)
    for axes in rows:
        draw_ruler(axes, stretch.ruler, stretch.start, stretch.end)
        axes.set_xlabel(stretch.ruler.label if axes is rows[-1] else "", fontsize=8)
    if unit:
        rows[0].get_figure().supylabel(f"contribution ({unit})", fontsize=8)  # type: ignore[union-attr]
