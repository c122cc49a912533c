"""Contributions and motifs as letters, drawn by logomaker."""

from collections.abc import Mapping, Sequence

import logomaker
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seqattr.dna.alphabet import ALPHABET
from seqattr.figures.boxes import INCHES_PER_BASE, NAME_INCHES, Box, draw_box, name_levels
from seqattr.figures.style import COLOURS, plain

ROW_INCHES = 1.35


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
            draw_box(axes, box, level if axes is rows[0] else None)
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
