"""One sequence's attention: a map for each layer, and the rollout along the bases."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seqattr.figures.heat import heat_map
from seqattr.figures.style import MOST_DRAWN, SERIES, plain, short_name, whole_numbers

ACROSS = 4
INCHES = 2.4
ROLLOUT_INCHES = 1.9
LONGEST_NAME = 40


class AttentionMap(NamedTuple):
    """The weights (queries, keys) of one layer, the mean over its heads; rows sum to 1."""

    layer: str
    heads: int
    weights: npt.NDArray[np.floating]


class Rollout(NamedTuple):
    """The mean over all tokens of what they draw from each, (tokens,); where the middle of each token's bases
    lies, (tokens,) in bp, or None where that is not known.
    """

    shares: npt.NDArray[np.floating]
    middles: npt.NDArray[np.floating] | None


def attention_figure(maps: Sequence[AttentionMap], rollout: Rollout | None, name: str) -> Figure:
    """The maps of a sequence of this name, the first MOST_DRAWN of them; below, where there is one, the
    rollout (Abnar & Zuidema 2020).
    """
    shown = maps[:MOST_DRAWN]
    across = min(ACROSS, len(shown))
    down = -(-len(shown) // across)
    heights = [INCHES * down, *([ROLLOUT_INCHES] if rollout else [])]
    figure = Figure(figsize=(max(6.4, INCHES * across + 0.6), sum(heights) + 0.5), layout="constrained")
    above, *below = figure.subfigures(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0]
    grid = above.subplots(down, across, squeeze=False).ravel()
    for axes, one in zip(grid, shown, strict=False):
        draw_map(axes, one)
    for axes in grid[len(shown) :]:
        axes.set_axis_off()
    if rollout:
        draw_rollout(below[0].subplots(), rollout)
    some = f", the first {len(shown)} of {len(maps)} layers" if len(shown) < len(maps) else ""
    figure.suptitle(f"attention in {short_name(name, LONGEST_NAME)}{some}", fontsize=10)
    return figure


def draw_map(axes: Axes, layer: AttentionMap) -> None:
    """Queries down, keys across."""
    heat_map(axes, layer.weights, "weight", pad=0.02)
    axes.set_title(f"{layer.layer}, {heads_in_words(layer.heads)}", fontsize=8)
    axes.set_xlabel("key token", fontsize=7)
    axes.set_ylabel("query token", fontsize=7)
    axes.tick_params(labelsize=6)


def heads_in_words(heads: int) -> str:
    """What a map of so many heads is of."""
    return "1 head" if heads == 1 else f"mean of {heads} heads"


def draw_rollout(axes: Axes, rollout: Rollout) -> None:
    """Each token at the middle of the bases that it has seen, or by its number; a line where all are even."""
    shares, known = rollout.shares, rollout.middles is not None
    at = np.arange(len(shares)) if rollout.middles is None else rollout.middles
    axes.fill_between(at, shares, color=SERIES[0], alpha=0.25, linewidth=0)
    axes.plot(at, shares, color=SERIES[0], linewidth=1, marker="." if len(at) <= 100 else None, markersize=4)
    draw_even(axes, 1 / len(shares))
    axes.set_ylim(0, 1.08 * float(shares.max()))
    axes.set_ylabel("rollout\n(mean over tokens)", fontsize=8)
    axes.set_xlabel("middle of the token's bases (bp)" if known else "token", fontsize=8)
    axes.tick_params(labelsize=7)
    whole_numbers(axes.xaxis)
    plain(axes)


def draw_even(axes: Axes, share: float) -> None:
    """The share that each token has where all have the same."""
    axes.axhline(share, color="0.6", linewidth=0.8, linestyle=":")
    axes.annotate(
        "even",
        (1, share),
        xytext=(2, 0),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        va="center",
        fontsize=6,
        color="0.4",
    )
