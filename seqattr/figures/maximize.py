"""Sequences that an output is largest for, as letters, and the ascents that led to them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seqattr.figures.boxes import INCHES_PER_BASE
from seqattr.figures.logos import ROW_INCHES, draw_logo
from seqattr.figures.ruler import Ruler, draw_ruler
from seqattr.figures.style import GREY, SERIES, plain, short_name, whole_numbers

DRAWN = 5  # the best so many
MOST_BASES = 200  # of each: the stretch that carries most


class Stretch(NamedTuple):
    """Bases of a sequence: the number of the first, the bases (4, W), and what each is worth (W,)."""

    first: int
    one_hot: npt.NDArray[np.integer]
    importance: npt.NDArray[np.floating]


def strongest_stretch(one_hot: npt.NDArray[np.integer], importance: npt.NDArray[np.floating]) -> Stretch:
    """The stretch of at most MOST_BASES with the largest sum of importance, the first of equals."""
    width = min(MOST_BASES, len(importance))
    sums = np.convolve(importance, np.ones(width), "valid")
    first = int(sums.argmax())
    return Stretch(first, one_hot[:, first : first + width], importance[first : first + width])


def maximized_logos(stretches: Sequence[Stretch], outputs: Sequence[float], target: str) -> Figure:
    """The best sequences, each letter as high as the output falls, on average, with another base there."""
    width = max(6.0, stretches[0].one_hot.shape[1] * INCHES_PER_BASE)
    figure = Figure(figsize=(width, (ROW_INCHES + 0.15) * len(stretches) + 0.8), layout="constrained")
    rows = figure.subplots(len(stretches), 1, squeeze=False)[:, 0]
    for rank, (axes, stretch, output) in enumerate(zip(rows, stretches, outputs, strict=True), 1):
        draw_logo(axes, stretch.importance, stretch.one_hot, f"maximized_{rank}", stretch.first)
        axes.set_title(f"output {output:.3g}", fontsize=8, loc="left")
        draw_ruler(axes, Ruler(), stretch.first, stretch.first + len(stretch.importance))
        axes.set_xlabel(Ruler().label if axes is rows[-1] else "", fontsize=8)
    figure.suptitle(
        f"{short_name(target)}: letters as high as it falls with another base in their place", fontsize=10
    )
    return figure


def ascent_figure(
    relaxed: npt.NDArray[np.floating], discretised: npt.NDArray[np.floating], target: str
) -> Figure:
    """Outputs (S + 1, N) of N relaxed sequences before and after each of S steps up, and of their most
    probable bases; the best sequences, which come first, in colour.
    """
    figure = Figure(figsize=(8.2, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    draw_paths(left, relaxed, "relaxed sequence")
    draw_paths(right, discretised, "its most probable bases")
    left.set_ylabel(f"{short_name(target)}: output", fontsize=9)
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles[::-1], labels[::-1], fontsize=7, frameon=False, loc="outside right center")
    return figure


def draw_paths(axes: Axes, values: npt.NDArray[np.floating], title: str) -> None:
    """A line for each column of (S + 1, N), the first ones in colour and on top."""
    axes.plot(values[:, DRAWN:], color=GREY, linewidth=0.6, alpha=0.6)
    for rank in reversed(range(min(DRAWN, values.shape[1]))):
        axes.plot(values[:, rank], color=SERIES[rank], linewidth=1.1, label=f"maximized_{rank + 1}")
    axes.set_title(title, fontsize=10)
    axes.set_xlabel("step", fontsize=9)
    whole_numbers(axes.xaxis)
    axes.tick_params(labelsize=8)
    plain(axes)
