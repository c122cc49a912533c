"""Figures of contributions, drawn by logomaker."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import logomaker
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from seqattr.alphabet import ALPHABET

INCHES_PER_BASE = 0.075
ROW_INCHES = 1.35
# Colours that people who see red and green alike can tell apart (Okabe & Ito).
COLOURS = {"A": "#009E73", "C": "#0072B2", "G": "#E69F00", "T": "#D55E00"}


class Box(NamedTuple):
    """A stretch of bases [start, end) with a name, such as a motif."""

    start: int
    end: int
    name: str


def contribution_logos(
    contributions: Mapping[str, npt.NDArray[np.floating]],
    one_hot: npt.NDArray[np.integer],
    boxes: Sequence[Box] = (),
    title: str = "",
) -> Figure:
    """One row of letters per entry of `contributions` (label -> (L,)), each letter as high as its
    contribution, below or above zero; `one_hot` is (4, L). Boxes are drawn in every row, named in the first.
    """
    length = one_hot.shape[1]
    size = (max(6.0, length * INCHES_PER_BASE), ROW_INCHES * len(contributions) + 0.8)
    figure = Figure(figsize=size, layout="constrained")
    rows = figure.subplots(len(contributions), 1, sharex=True, squeeze=False)[:, 0]
    for axes, (label, values) in zip(rows, contributions.items(), strict=True):
        draw_logo(axes, values, one_hot, label)
        for box in boxes:
            mark(axes, box, named=axes is rows[0])
    rows[-1].set_xlabel("position (bp)")
    if title:
        figure.suptitle(title, fontsize=10)
    return figure


def draw_logo(
    axes: Axes, values: npt.NDArray[np.floating], one_hot: npt.NDArray[np.integer], label: str
) -> None:
    """The observed bases as letters of the height of their contributions."""
    heights = pd.DataFrame((one_hot * values).T.astype(float), columns=list(ALPHABET))
    logomaker.Logo(heights, ax=axes, color_scheme=COLOURS, show_spines=False)
    axes.axhline(0, color="0.6", linewidth=0.5)
    axes.set_ylabel(label, fontsize=9)
    axes.tick_params(labelsize=7)
    axes.spines["left"].set_visible(True)


def mark(axes: Axes, box: Box, named: bool) -> None:
    """A shaded stretch, with its name above it."""
    low, high = axes.get_ylim()
    axes.add_patch(
        Rectangle(
            (box.start - 0.5, low), box.end - box.start, high - low, color="0.9", zorder=-5, linewidth=0
        )
    )
    axes.set_ylim(low, high)
    if named:
        axes.annotate(
            box.name,
            ((box.start + box.end - 1) / 2, 1.02),
            xycoords=("data", "axes fraction"),
            ha="center",
            va="bottom",
            fontsize=7,
        )
