"""Small grey images in rows and columns, with some of their pixels crossed out."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from seqattr.figures.style import SERIES

INCHES = 1.15


class Image(NamedTuple):
    """Brightness (H, W), 0 for black to 1; the pixels crossed out, (H, W); and a line below."""

    brightness: npt.NDArray[np.floating]
    crossed: npt.NDArray[np.bool_]
    line: str = ""


def image_figure(rows: Sequence[Sequence[Image]], names: Sequence[str], columns: Sequence[str]) -> Figure:
    """A row of images for each name, under the columns' names."""
    size = (0.6 + INCHES * len(columns), 0.3 + 1.15 * INCHES * len(rows))
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(len(rows), len(columns), squeeze=False)
    for line, images, name in zip(grid, rows, names, strict=True):
        for axes, image in zip(line, images, strict=True):
            axes.imshow(image.brightness, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            down, across = image.crossed.nonzero()
            axes.scatter(across, down, marker="x", s=16, linewidths=1.2, color=SERIES[1])
            axes.set_xlabel(image.line, fontsize=7.5)
            axes.set_xticks([])
            axes.set_yticks([])
        line[0].set_ylabel(name, fontsize=8)
    for axes, column in zip(grid[0], columns, strict=True):
        axes.set_title(column.replace("-", "-\n", 1), fontsize=7.5)
    return figure
