"""Contributions and motifs as rows of letters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from textwrap import wrap
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure, FigureBase
from matplotlib.ticker import MaxNLocator

from seqattr.figures.boxes import INCHES_PER_BASE, NAME_INCHES, Box, Name, draw_box, draw_name, names_of
from seqattr.figures.letters import draw_letters, ends_of
from seqattr.figures.ruler import Ruler, draw_ruler
from seqattr.figures.style import plain

ROW_INCHES = 1.35
LEAST_INCHES, MOST_INCHES = 6.0, 40.0  # of a figure's width; in the widest letters become lines
SIDE_INCHES = 0.65  # what is left of the letters, beside the lines of a label
LABEL_LETTERS = 22  # of a line of a label beside a row
LINE_INCHES = 0.15
USUAL = Ruler()


@dataclass(frozen=True)
class LogoRows:
    """One row of letters per entry of `contributions` (label -> (L,)), each letter as high as its
    contribution, below or above zero; `one_hot` is (4, L), and its first base is base `first` of the row that
    the boxes and the ruler are of. Boxes are drawn in every row, and named above the first; or each row has
    its `own`, named above it.
    """

    contributions: Mapping[str, npt.NDArray[np.floating]]
    one_hot: npt.NDArray[np.integer]
    boxes: Sequence[Box] = ()
    first: int = 0
    ruler: Ruler = USUAL
    own: Mapping[str, Sequence[Box]] | None = None  # of each label
    least: float = LEAST_INCHES  # that it is wide

    @property
    def length(self) -> int:
        return self.one_hot.shape[1]

    @cached_property
    def labels(self) -> dict[str, str]:
        """Each label, in lines."""
        return {label: in_lines(label) for label in self.contributions}

    @property
    def width(self) -> float:
        """In inches, of all."""
        return min(max(self.least, self.length * INCHES_PER_BASE), MOST_INCHES)

    @property
    def height(self) -> float:
        """In inches, of all."""
        lines = sum(1 + max(name.level for name in names) for names in self.names.values() if names)
        return ROW_INCHES * len(self.contributions) + 0.55 + NAME_INCHES * lines

    def boxes_in(self, label: str) -> Sequence[Box]:
        """Those of one row."""
        return self.boxes if self.own is None else self.own[label]

    @cached_property
    def names(self) -> dict[str, list[Name]]:
        """Of each label whose row has its boxes named, where these names stand."""
        side = SIDE_INCHES + LINE_INCHES * max(label.count("\n") + 1 for label in self.labels.values())
        base = (self.width - side) / self.length
        named = list(self.labels)[: 1 if self.own is None else None]
        return {
            label: names_of(self.boxes_in(label), self.first, self.first + self.length, base)
            for label in named
        }

    def draw(self, panel: FigureBase) -> None:
        """The rows, one above the other, in a figure or a part of one."""
        rows = panel.subplots(len(self.contributions), 1, squeeze=False)[:, 0].tolist()
        for axes, (label, values) in zip(rows, self.contributions.items(), strict=True):
            draw_logo(axes, values, self.one_hot, self.labels[label], self.first)
            self.draw_boxes(axes, label)
        number_rows(rows, self.ruler, self.first, self.first + self.length)

    def draw_boxes(self, axes: Axes, label: str) -> None:
        """One row's boxes, as high as it, with their names above."""
        boxes = self.boxes_in(label)
        for box in boxes:
            draw_box(axes, box)
        for box, name in zip(boxes, self.names.get(label, []), strict=label in self.names):
            draw_name(axes, box, name)


def number_rows(rows: Sequence[Axes], ruler: Ruler, start: int, end: int) -> None:
    """Ticks at the bases of all rows, and their numbers below the last."""
    for axes in rows:
        draw_ruler(axes, ruler, start, end)
        axes.set_xlabel(ruler.label if axes is rows[-1] else "", fontsize=8)
        axes.tick_params(labelbottom=axes is rows[-1])


def contribution_logos(
    contributions: Mapping[str, npt.NDArray[np.floating]],
    one_hot: npt.NDArray[np.integer],
    boxes: Sequence[Box] = (),
    title: str = "",
    first: int = 0,
    ruler: Ruler = USUAL,
) -> Figure:
    """A figure of such rows alone, under a title."""
    rows = LogoRows(contributions, one_hot, boxes, first, ruler)
    figure = Figure(figsize=(rows.width, rows.height + (0.25 if title else 0)), layout="constrained")
    rows.draw(figure)
    if title:
        figure.suptitle(title, fontsize=10)
    return figure


def in_lines(label: str) -> str:
    """A label in lines that a row has room for."""
    return "\n".join(part for line in label.split("\n") for part in wrap(line, LABEL_LETTERS) or [""])


def draw_logo(
    axes: Axes,
    values: npt.NDArray[np.floating],
    one_hot: npt.NDArray[np.integer],
    label: str,
    first: int = 0,
) -> None:
    """The observed bases as letters as high as their contributions; shaded where there is no base."""
    heights = (one_hot * values).astype(float)
    low, high = ends_of(heights)
    draw_letters(axes, heights, first)
    axes.set_ylim(*((low, high) if high > low else (-1, 1)))
    axes.set_xlim(first - 0.5, first + heights.shape[1] - 0.5)
    axes.axhline(0, color="0.6", linewidth=0.5)
    for start, end in unknown_stretches(one_hot):
        draw_unknown(axes, first + start, first + end)
    axes.set_ylabel(label, fontsize=8)
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.tick_params(labelsize=7)
    plain(axes, "bottom")


def unknown_stretches(one_hot: npt.NDArray[np.integer]) -> list[tuple[int, int]]:
    """The stretches [start, end) of (4, L) that have no base."""
    edges = np.diff(np.pad(~one_hot.any(axis=0), 1).astype(np.int8))
    starts, ends = np.flatnonzero(edges > 0), np.flatnonzero(edges < 0)
    return list(zip(starts.tolist(), ends.tolist(), strict=True))


def draw_unknown(axes: Axes, start: int, end: int) -> None:
    """Hatched, with an N in its middle."""
    look: dict[str, Any] = {"facecolor": "0.96", "edgecolor": "0.75", "hatch": "////", "linewidth": 0}
    axes.axvspan(start - 0.5, end - 0.5, zorder=-6, **look)
    axes.annotate(
        "N",
        ((start + end - 1) / 2, 0),
        ha="center",
        va="center",
        fontsize=7,
        color="0.4",
        bbox={"facecolor": "0.96", "edgecolor": "none", "pad": 0.3},
    )


def motif_logo(probabilities: npt.NDArray[np.floating]) -> Figure:
    """A motif (4, w) as letters as high as the information at each position, 2 bits at most; nothing else."""
    p = probabilities
    bits = 2 + (p * np.log2(np.where(p > 0, p, 1))).sum(axis=0)
    figure = Figure(figsize=(0.11 * p.shape[1], 0.36))
    axes = figure.add_axes((0, 0, 1, 1))
    draw_letters(axes, p * bits)
    axes.set_xlim(-0.5, p.shape[1] - 0.5)
    axes.set_ylim(0, 2)
    axes.set_axis_off()
    return figure
