"""Letters of a sequence in lines, one below the other, for a page that has no room for one long line."""

from dataclasses import replace

from matplotlib.figure import Figure

from seqattr.figures.boxes import pieces
from seqattr.figures.logos import LogoRows
from seqattr.figures.stretches import part_of
from seqattr.figures.style import NARROW_INCHES

FOLDED_BASES = 40  # of a line, whose letters are then as wide as those of a long one
SAVED_INCHES = 0.7  # of a line's height: only the last has the axis' name


def folded_logos(rows: LogoRows) -> Figure:
    """The rows of letters, FOLDED_BASES to a line. All lines have one scale, and a box that lies in two lines
    is named in that with the larger part of it.
    """
    ends = range(rows.first, rows.first + rows.length, FOLDED_BASES)
    lines = [line_of(rows, start) for start in ends]
    heights = [line.height - SAVED_INCHES for line in lines]
    figure = Figure(figsize=(NARROW_INCHES, sum(heights) + SAVED_INCHES / 2), layout="constrained")
    panels = figure.subfigures(len(lines), 1, squeeze=False, height_ratios=heights)[:, 0].tolist()
    for line, panel in zip(lines, panels, strict=True):
        line.draw(panel)
    axes = figure.axes
    low, high = zip(*(one.get_ylim() for one in axes), strict=True)
    for one in axes:
        one.set_ylim(min(low), max(high))
        one.set_ylabel("")
        one.set_xlim(one.get_xlim()[0], one.get_xlim()[0] + min(FOLDED_BASES, rows.length))
        one.set_xlabel(one.get_xlabel() if one is axes[-1] else "")
    figure.supylabel("\n".join(rows.labels.values()), fontsize=8)
    return figure


def line_of(rows: LogoRows, start: int) -> LogoRows:
    """The line that begins with base `start`."""
    end = min(start + FOLDED_BASES, rows.first + rows.length)
    return replace(part_of(rows, start, end), boxes=pieces(rows.boxes, start, end), least=NARROW_INCHES)
