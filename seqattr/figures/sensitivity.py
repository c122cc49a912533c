"""How much outputs move with each base at each position: a profile and a heat map for each of them."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seqattr.dna.alphabet import ALPHABET
from seqattr.figures.heat import heat_map
from seqattr.figures.ruler import Ruler, draw_ruler
from seqattr.figures.style import COLOURS, MOST_DRAWN, plain, short_name


def sensitivity_figure(targets: Sequence[str], values: npt.NDArray[np.floating], sequences: int) -> Figure:
    """For each of the first targets the mean over the bases along the sequence, and below it base by base.

    `values` (T, 4, L) are means of |d output / d base| over so many sequences; NaN is left blank.
    """
    shown = values[:MOST_DRAWN]
    figure = Figure(figsize=(10, 0.5 + 2.1 * len(shown)), layout="constrained")
    rows = figure.subplots(
        2 * len(shown), 1, sharex=True, squeeze=False, gridspec_kw={"height_ratios": [3, 2] * len(shown)}
    )[:, 0]
    for name, table, upper, lower in zip(targets, shown, rows[::2], rows[1::2], strict=False):
        draw_profile(upper, table, name)
        draw_bases(lower, table)
    draw_ruler(rows[-1], Ruler(), 0, values.shape[2])
    of = f" of {len(values)} targets, the first {len(shown)}" if len(values) > len(shown) else ""
    figure.suptitle(f"mean |d output / d base| over {sequences:,} sequences{of}", fontsize=10)
    return figure


def draw_profile(axes: Axes, table: npt.NDArray[np.floating], name: str) -> None:
    """The mean of a target's values (4, L) over the bases, along the sequence."""
    profile = table.mean(0)
    axes.stairs(profile, np.arange(len(profile) + 1) - 0.5, fill=True, color="0.35")
    axes.set_ylim(0, 1.05 * (np.nanmax(profile) or 1))
    axes.set_ylabel(f"{short_name(name)}\nmean of bases", fontsize=8)
    axes.tick_params(labelsize=7)
    plain(axes)


def draw_bases(axes: Axes, table: npt.NDArray[np.floating]) -> None:
    """A target's values (4, L), a row for each base in its colour."""
    heat_map(axes, table, "sensitivity", pad=0.01, aspect=8)
    axes.set_yticks(range(4), list(ALPHABET))
    for label in axes.get_yticklabels():
        label.set_color(COLOURS[label.get_text()])
        label.set_fontweight("bold")
    axes.tick_params(labelsize=7)
