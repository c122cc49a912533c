"""Both alleles of a variant as letters, one above the other."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

from seqattr.dna.alphabet import one_hot
from seqattr.figures.boxes import Box, within
from seqattr.figures.logos import LogoRows
from seqattr.figures.ruler import Ruler

LABELS = "reference", "alternative"


class Allele(NamedTuple):
    """The codes (L,) of a window with one allele in bases [start, end), contributions (L,), and hits."""

    codes: np.ndarray
    contributions: np.ndarray
    start: int
    end: int
    boxes: Sequence[Box]


def allele_logos(alleles: Sequence[Allele], title: str, side: int) -> Figure:
    """The contributions of the reference and of the alternative allele (two rows) around a variant.

    Bases are numbered from the variant's first; so many are drawn on either `side`. Both rows have one
    scale, and the allele is shaded.
    """
    rows = [_rows(label, allele, side) for label, allele in zip(LABELS, alleles, strict=True)]
    height = sum(row.height for row in rows) + 0.3
    figure = Figure(figsize=(max(row.width for row in rows), height), layout="constrained")
    panels: Any = figure.subfigures(2, 1, height_ratios=[row.height for row in rows])
    for row, panel in zip(rows, panels, strict=True):
        replace(row, boxes=()).draw(panel)
    axes = [panel.axes[0] for panel in panels]
    low, high = min(one.get_ylim()[0] for one in axes), max(one.get_ylim()[1] for one in axes)
    for row, one, allele, label in zip(rows, axes, alleles, LABELS, strict=True):
        one.set_ylim(low, high)
        one.axvspan(allele.start - 0.5, allele.end - 0.5, color="0.9", zorder=-6)
        row.draw_boxes(one, label)
    figure.suptitle(title, fontsize=10)
    return figure


def _rows(label: str, allele: Allele, side: int) -> LogoRows:
    """The stretch of one allele."""
    first = max(0, allele.start - side)
    end = min(len(allele.codes), allele.start + side)
    ruler = Ruler(-allele.start, False, "bases from the variant's first")
    shown = within(allele.boxes, first, end)
    return LogoRows(
        {label: allele.contributions[first:end]}, one_hot(allele.codes[first:end]), shown, first, ruler
    )
