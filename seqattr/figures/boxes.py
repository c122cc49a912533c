"""Named stretches of bases in a row of letters, such as motifs: which are drawn, and where names stand."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from seqattr.figures.style import short_name

INCHES_PER_BASE = 0.075
NAME_INCHES = 0.14  # a line of names above the letters


class Box(NamedTuple):
    """A stretch of bases [start, end) with a name, such as a motif."""

    start: int
    end: int
    name: str


def clear_boxes(boxes: Sequence[Box], goodness: npt.NDArray[np.floating], start: int, end: int) -> list[Box]:
    """The boxes that lie at least half in [start, end), cut to it.

    Of two that share more than a quarter of the shorter, the one of the larger `goodness` (B,) is kept.
    """
    kept: list[Box] = []
    for number in np.argsort(-goodness, kind="stable").tolist():
        whole = boxes[number]
        box = Box(max(whole.start, start), min(whole.end, end), whole.name)
        visible = 2 * (box.end - box.start) >= whole.end - whole.start
        if visible and not any(_hides(other, box) for other in kept):
            kept.append(box)
    return sorted(kept)


def _hides(one: Box, other: Box) -> bool:
    common = min(one.end, other.end) - max(one.start, other.start)
    return 4 * common > min(one.end - one.start, other.end - other.start)


def draw_box(axes: Axes, box: Box, level: int | None) -> None:
    """A shaded stretch, with its name so many lines above it, or none."""
    low, high = axes.get_ylim()
    corner, width = (box.start - 0.5, low), box.end - box.start
    look: dict[str, Any] = {"facecolor": "0.92", "edgecolor": "0.7", "linewidth": 0.5, "zorder": -5}
    axes.add_patch(Rectangle(corner, width, high - low, **look))
    axes.set_ylim(low, high)
    if level is not None:
        axes.annotate(
            short_name(box.name),
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
        middle, half = (box.start + box.end) / 2, per_letter * (len(short_name(box.name)) + 1) / 2
        span = middle - half, middle + half
        near = {
            level
            for level, other in zip(levels, spans, strict=True)
            if other[0] < span[1] and span[0] < other[1]
        }
        levels.append(next(level for level in range(len(near) + 1) if level not in near))
        spans.append(span)
    return levels
