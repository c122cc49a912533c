"""Heat maps of values that are never negative; NaN is left blank."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from seqattr.figures.style import whole_numbers

FEW = 0.99  # what is beyond this quantile has one colour, where it would leave the rest dark
DARK = 2.0


def heat_map(axes: Axes, values: np.ndarray, words: str, **bar_options: Any) -> None:
    """Rows down, columns across, numbered, and a colour bar that `words` name, whose end is pointed where
    values go beyond.
    """
    largest, most = float(np.nanmax(values)), float(np.nanquantile(values, FEW))
    cut = 0 < DARK * most < largest
    limit = most if cut else largest or 1.0
    image = axes.imshow(values, cmap="viridis", vmin=0, vmax=limit, aspect="auto")
    whole_numbers(axes.xaxis, axes.yaxis)
    bar = axes.figure.colorbar(image, ax=axes, extend="max" if cut else "neither", **bar_options)
    bar.ax.tick_params(labelsize=6)
    bar.set_label(words, fontsize=7)
