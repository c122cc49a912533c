"""Bases as letters that are as high as a number says, stacked where there are several."""

from functools import cache

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.textpath import TextPath

from seqattr.dna.alphabet import ALPHABET
from seqattr.figures.style import COLOURS, FONT

LETTER_WIDTH = 0.92  # of the room that a base has


def draw_letters(
    axes: Axes, heights: npt.NDArray[np.floating], first: int = 0, colour: str | None = None
) -> None:
    """Letters of `heights` (4, L), base r of the row standing at `first` + r, in one colour or their own.

    What is below zero hangs from it, upright as all else. The axes' limits are left as they are.
    """
    bottoms = stack(heights)
    for number, base in enumerate(ALPHABET):
        (columns,) = heights[number].nonzero()
        if len(columns):
            corners = np.stack([first + columns - LETTER_WIDTH / 2, bottoms[number, columns]], axis=1)
            sizes = np.stack([np.full(len(columns), LETTER_WIDTH), abs(heights[number, columns])], axis=1)
            patch = PathPatch(many(letter(base), corners, sizes), linewidth=0, label=base)
            patch.set_facecolor(colour or COLOURS[base])
            axes.add_patch(patch)


def stack(heights: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """Where each letter (4, L) of a stack begins: the smallest next to zero, on either side of it."""
    order = np.argsort(abs(heights), axis=0, kind="stable")
    ordered = np.take_along_axis(heights, order, axis=0)
    up, down = np.maximum(ordered, 0).cumsum(axis=0), np.minimum(ordered, 0).cumsum(axis=0)
    lower = np.where(ordered > 0, up - ordered, down)
    bottoms = np.empty_like(lower)
    np.put_along_axis(bottoms, order, lower, axis=0)
    return bottoms


def ends_of(heights: npt.NDArray[np.floating]) -> tuple[float, float]:
    """The lowest and the highest of all stacks of letters (4, L)."""
    return float(np.minimum(heights, 0).sum(axis=0).min()), float(np.maximum(heights, 0).sum(axis=0).max())


@cache
def letter(base: str) -> Path:
    """The outline of a letter, filling the square from (0, 0) to (1, 1)."""
    outline = TextPath((0, 0), base, size=1, prop=FONT)
    box = outline.get_extents()
    return Path((outline.vertices - box.min) / box.size, outline.codes)


def many(outline: Path, corners: npt.NDArray[np.floating], sizes: npt.NDArray[np.floating]) -> Path:
    """An outline of V vertices again and again, with its lower left corners (n, 2) and its sizes (n, 2)."""
    vertices = np.asarray(outline.vertices) * sizes[:, None] + corners[:, None]
    codes = None if outline.codes is None else np.tile(outline.codes, len(corners))
    return Path(vertices.reshape(-1, 2), codes)
