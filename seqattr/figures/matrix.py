"""Matrices of correlations and the like: cells in two colours about 0, each with its number."""

import re
from collections.abc import Sequence
from typing import NamedTuple

import matplotlib
import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

CELL_INCHES = 0.36
NAMES_INCHES = 1.9
TITLE_INCHES = 0.4
DARK = 0.6  # of the limit, from which on numbers are written in white
SMALL_CELLS = 24  # of a row, beyond which numbers are left out


class MatrixWords(NamedTuple):
    """What a matrix is of, what its colours are, and which cells' numbers are bold, or asked with a "?"."""

    title: str = ""
    colours: str = ""
    bold: frozenset[tuple[int, int]] = frozenset()
    asked: frozenset[tuple[int, int]] = frozenset()


NO_WORDS = MatrixWords()


def matrix_figure(
    values: npt.NDArray[np.floating],
    rows: Sequence[str],
    columns: Sequence[str],
    limit: float = 1.0,
    words: MatrixWords = NO_WORDS,
) -> Figure:
    """Values (rows, columns) from blue at -limit over white at 0 to red at limit; NaN is left blank."""
    size = (
        NAMES_INCHES + 1.0 + CELL_INCHES * len(columns),
        NAMES_INCHES + CELL_INCHES * len(rows) + (TITLE_INCHES if words.title else 0),
    )
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots()
    colours = matplotlib.colormaps["RdBu_r"].with_extremes(bad="0.93")
    image = axes.imshow(values, cmap=colours, vmin=-limit, vmax=limit)
    axes.set_xticks(range(len(columns)), columns, rotation=90)
    axes.set_yticks(range(len(rows)), rows)
    axes.tick_params(labelsize=8, length=0)
    axes.spines[:].set_visible(False)
    bar = figure.colorbar(image, ax=axes, shrink=0.6)
    bar.ax.tick_params(labelsize=7)
    bar.outline.set_visible(False)
    if words.title:
        figure.suptitle(words.title, fontsize=9)
    bar.set_label(words.colours, fontsize=7.5)
    for row, column in np.argwhere(np.isfinite(values)).tolist() if len(columns) <= SMALL_CELLS else ():
        value = values[row, column]
        shade = "white" if abs(value) > DARK * limit else "0.2"
        text = cell_text(value) + ("?" if (row, column) in words.asked else "")
        weight = "bold" if (row, column) in words.bold else "normal"
        axes.text(column, row, text, ha="center", va="center", fontsize=6.5, color=shade, weight=weight)
    return figure


def cell_text(value: float) -> str:
    """As ".97", "−.20" or "10.50"."""
    return re.sub(r"^(−?)0\.", r"\1.", f"{value:.2f}".replace("-", "−"))
