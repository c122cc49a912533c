"""Named stretches of bases in a row of letters, such as hits: which are drawn, and where names stand."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from seqattr.figures.style import SERIES, inches_wide

INCHES_PER_BASE = 0.075
NAME_INCHES = 0.14  # a line of names above the letters
NAME_POINTS = 7.0
GAP_INCHES = 0.06  # between two names of a line
ARROWS = {"+": " →", "-": " ←"}


class Box(NamedTuple):
    """A stretch of bases [start, end) with a name, such as a motif; on a strand, if it has one, and
    `negative` where it counts against."""

    start: int
    end: int
    name: str
    strand: str = ""
    negative: bool = False

    @property
    def text(self) -> str:
        """The name in full, with an arrow in the direction that the motif reads."""
        return self.name + ARROWS.get(self.strand, "")


class Name(NamedTuple):
    """Where a box's name stands: the place of its middle along the bases, and the line above the letters."""

    text: str
    middle: float
    level: int


def within(boxes: Sequence[Box], start: int, end: int) -> list[Box]:
    """The boxes that lie at least half in [start, end), cut to it, from left to right."""
    cut = [(box, box._replace(start=max(box.start, start), end=min(box.end, end))) for box in boxes]
    return sorted(box for whole, box in cut if 2 * (box.end - box.start) >= whole.end - whole.start)


def pieces(boxes: Sequence[Box], start: int, end: int) -> list[Box]:
    """What of the boxes lies in [start, end), from left to right; a lesser part of a box is named "…"."""
    cut = [(box, box._replace(start=max(box.start, start), end=min(box.end, end))) for box in boxes]
    return sorted(
        piece if 2 * (piece.end - piece.start) >= box.end - box.start else piece._replace(name="…", strand="")
        for box, piece in cut
        if piece.start < piece.end
    )


def draw_box(axes: Axes, box: Box) -> None:
    """A shaded stretch, as high as the axes: blue where it counts for the target, orange where against."""
    colour = SERIES[1] if box.negative else SERIES[0]
    face: dict[str, Any] = {"facecolor": colour, "alpha": 0.09, "linewidth": 0, "zorder": -5}
    edge: dict[str, Any] = {"color": colour, "linewidth": 0.5, "alpha": 0.5, "zorder": -4}
    high = axes.get_xaxis_transform()  # bases along, 0 to 1 upwards
    axes.add_patch(Rectangle((box.start - 0.5, 0), box.end - box.start, 1, transform=high, **face))
    axes.vlines([box.start - 0.5, box.end - 0.5], 0, 1, transform=high, **edge)


def draw_name(axes: Axes, box: Box, name: Name) -> None:
    """A box's name above the axes; from a higher line down to its box with a thin line."""
    top: dict[str, Any] = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points"}
    height = 2 + 72 * NAME_INCHES * name.level
    middle = (box.start + box.end - 1) / 2
    if name.level:
        line = {"arrowstyle": "-", "color": "0.7", "linewidth": 0.5, "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", (middle, 1), xytext=(0, height + 1), arrowprops=line, zorder=3, **top)
    axes.annotate(
        name.text,
        (name.middle, 1),
        xytext=(0, height),
        ha="center",
        va="bottom",
        fontsize=NAME_POINTS,
        zorder=4,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.4},
        **top,
    )


def names_of(boxes: Sequence[Box], start: int, end: int, inches_per_base: float) -> list[Name]:
    """For each box the lowest line above the letters on which its name touches none before it.

    A name stands over its box, or as near as the ends of [start, end) let it.
    """
    names: list[Name] = []
    taken: list[list[tuple[float, float]]] = []  # of each line, what names cover
    for box in boxes:
        half = (inches_wide(box.text, NAME_POINTS) + GAP_INCHES) / inches_per_base / 2
        middle = min(max((box.start + box.end - 1) / 2, start - 0.5 + half), max(end - 0.5 - half, start))
        level = next((n for n, line in enumerate(taken) if _free(line, middle, half)), len(taken))
        taken += [[]] if level == len(taken) else []
        taken[level].append((middle - half, middle + half))
        names.append(Name(box.text, middle, level))
    return names


def _free(line: Sequence[tuple[float, float]], middle: float, half: float) -> bool:
    return all(right <= middle - half or middle + half <= left for left, right in line)
