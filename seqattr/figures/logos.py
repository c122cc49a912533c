"""Figures of contributions and motifs, logos drawn by logomaker."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple
from unicodedata import category

import logomaker
import matplotlib
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from seqattr.dna.alphabet import ALPHABET
from seqattr.errors import UnknownName

INCHES_PER_BASE = 0.075
ROW_INCHES = 1.35
NAME_INCHES = 0.14  # a line of names above the letters
# Colours that people who see red and green alike can tell apart (Okabe & Ito).
COLOURS = {"A": "#009E73", "C": "#0072B2", "G": "#E69F00", "T": "#D55E00"}
SERIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
GREY = "#999999"
# What makes two figures of the same content the same file.
FORMATS: dict[str, dict[str, Any]] = {
    "png": {"dpi": 150},
    "svg": {"metadata": {"Date": None}},
    "pdf": {"metadata": {"CreationDate": None}},
}
MOST_DRAWN = 12  # rows or panels of one figure
_LONGEST_NAME = 16


class Box(NamedTuple):
    """A stretch of bases [start, end) with a name, such as a motif."""

    start: int
    end: int
    name: str


class Points(NamedTuple):
    """Matches of one motif, or of several that have no colour of their own."""

    name: str
    log_odds: npt.NDArray[np.floating]
    importance: npt.NDArray[np.floating]


def contribution_logos(
    contributions: Mapping[str, npt.NDArray[np.floating]],
    one_hot: npt.NDArray[np.integer],
    boxes: Sequence[Box] = (),
    title: str = "",
    first: int = 0,
    axis: str = "position (bp)",
) -> Figure:
    """One row of letters per entry of `contributions` (label -> (L,)), each letter as high as its
    contribution, below or above zero; `one_hot` is (4, L), and its first base has the number `first`, in
    the boxes too. Boxes are drawn in every row, named in the first.
    """
    length = one_hot.shape[1]
    levels = name_levels(boxes)
    names = NAME_INCHES * max(levels, default=0)
    size = (max(6.0, length * INCHES_PER_BASE), ROW_INCHES * len(contributions) + 0.8 + names)
    figure = Figure(figsize=size, layout="constrained")
    rows = figure.subplots(len(contributions), 1, squeeze=False)[:, 0]
    for axes, (label, values) in zip(rows, contributions.items(), strict=True):
        draw_logo(axes, values, one_hot, label, first)  # which sets the same limits in every row
        axes.tick_params(labelbottom=axes is rows[-1])
        for box, level in zip(boxes, levels, strict=True):
            mark(axes, box, level if axes is rows[0] else None)
    rows[-1].set_xlabel(axis, fontsize=8)
    if title:
        figure.suptitle(title, fontsize=10)
    return figure


def draw_logo(
    axes: Axes,
    values: npt.NDArray[np.floating],
    one_hot: npt.NDArray[np.integer],
    label: str,
    first: int = 0,
) -> None:
    """The observed bases as letters of the height of their contributions."""
    heights = pd.DataFrame((one_hot * values).T.astype(float), columns=list(ALPHABET))
    heights.index += first
    if heights.to_numpy().any():
        logomaker.Logo(heights, ax=axes, color_scheme=COLOURS, show_spines=False)
    else:
        axes.set_ylim(-1, 1)  # nothing to see, and no limits to be found from it
        plain(axes, "bottom")
    axes.axhline(0, color="0.6", linewidth=0.5)
    axes.set_xlim(first - 0.5, first + len(heights) - 0.5)
    axes.set_ylabel(label, fontsize=9)
    axes.tick_params(labelsize=7)
    axes.spines["left"].set_visible(True)


def mark(axes: Axes, box: Box, level: int | None) -> None:
    """A shaded stretch, with its name so many lines above it, or none."""
    low, high = axes.get_ylim()
    corner, width = (box.start - 0.5, low), box.end - box.start
    look: dict[str, Any] = {"facecolor": "0.92", "edgecolor": "0.7", "linewidth": 0.5, "zorder": -5}
    axes.add_patch(Rectangle(corner, width, high - low, **look))
    axes.set_ylim(low, high)
    if level is not None:
        axes.annotate(
            shortened(box.name),
            ((box.start + box.end - 1) / 2, 1),
            xytext=(0, 2 + 72 * NAME_INCHES * level),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=7,
        )


def name_levels(boxes: Sequence[Box]) -> list[int]:
    """For each box the lowest line above the letters on which its name touches none before it."""
    per_letter = 0.06 / INCHES_PER_BASE  # bases that a letter of a name is wide
    levels: list[int] = []
    spans: list[tuple[float, float]] = []
    for box in boxes:
        middle, half = (box.start + box.end) / 2, per_letter * (len(shortened(box.name)) + 1) / 2
        span = middle - half, middle + half
        near = {
            level
            for level, other in zip(levels, spans, strict=True)
            if other[0] < span[1] and span[0] < other[1]
        }
        levels.append(next(level for level in range(len(near) + 1) if level not in near))
        spans.append(span)
    return levels


def shortened(name: str, longest: int = _LONGEST_NAME) -> str:
    return name if len(name) <= longest else name[: longest - 1] + "…"


def plain(axes: Axes, *also: str) -> None:
    """No frame but the sides that carry numbers."""
    axes.spines[["top", "right", *also]].set_visible(False)


def motif_logo(probabilities: npt.NDArray[np.floating]) -> Figure:
    """A motif (4, w) as letters as high as the information at each position, 2 bits at most; nothing else."""
    p = probabilities
    bits = 2 + (p * np.log2(np.where(p > 0, p, 1))).sum(axis=0)
    figure = Figure(figsize=(0.11 * p.shape[1], 0.36))
    axes = figure.add_axes((0, 0, 1, 1))
    heights = pd.DataFrame((p * bits).T, columns=list(ALPHABET))
    logomaker.Logo(heights, ax=axes, color_scheme=COLOURS, show_spines=False)
    axes.set_ylim(0, 2)
    axes.set_axis_off()
    return figure


def importance_panel(named: Sequence[Points], others: Points, strong: float, title: str = "") -> Figure:
    """Importance against log-odds, a point for each match; beyond the line matches are strong."""
    figure = Figure(figsize=(5.2, 3.6), layout="constrained")
    axes = figure.subplots()
    axes.axhline(0, color="0.6", linewidth=0.6, zorder=0)
    axes.axvline(strong, color="0.6", linewidth=0.8, linestyle=":", zorder=0)
    pairs = [(others, GREY), *zip(named, SERIES, strict=False)]
    for points, colour in pairs:
        if len(points.log_odds):
            # As pixels also where all else is lines: a hundred thousand points would make a huge file.
            axes.scatter(
                points.log_odds,
                points.importance,
                s=7,
                alpha=0.5,
                linewidths=0,
                color=colour,
                rasterized=True,
            )
    axes.set_xlabel("log-odds of the match (nats)", fontsize=9)
    axes.set_ylabel("importance (sum of contributions)", fontsize=9)
    axes.tick_params(labelsize=8)
    plain(axes)
    axes.set_title(title, fontsize=10)
    names = [shortened(points.name, 2 * _LONGEST_NAME) for points, _ in pairs if len(points.log_odds)]
    if names:
        look: dict[str, Any] = {"framealpha": 0.8, "edgecolor": "none", "loc": "upper left", "markerscale": 2}
        legend = axes.legend(axes.collections, ["name"] * len(names), fontsize=7, **look)
        for handle in filter(None, legend.legend_handles):
            handle.set_alpha(1)
        for text, name in zip(legend.get_texts(), names, strict=True):
            text.set_text(name)  # a label that begins with _ would be left out
    return figure


def take_literally(figure: Figure) -> None:
    """Every text of a figure as it stands: $ is no mathematics, and what cannot be drawn is shown as that."""
    for text in figure.findobj(Text):
        text.set_parse_math(False)
        text.set_text("".join(letter if _can_be_drawn(letter) else "\ufffd" for letter in text.get_text()))


def _can_be_drawn(letter: str) -> bool:
    return letter == "\n" or category(letter) not in ("Cc", "Cs")


def save(figure: Figure, path: Path | str | IO[bytes], form: str, **options: Any) -> None:
    """Write a figure as png, svg or pdf, the same bytes each time; raises UnknownName for another format."""
    if form not in FORMATS:
        raise UnknownName("format", form, FORMATS)
    take_literally(figure)
    with matplotlib.rc_context({"svg.hashsalt": "seqattr", "pdf.fonttype": 42}):
        figure.savefig(path, format=form, **{**FORMATS[form], **options})
