"""One sequence's attention: a map for each layer, and the rollout along the bases."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seqattr.analyses.attention import Layer, Maps
from seqattr.figures.heat import heat_map
from seqattr.figures.logos import MOST_DRAWN, SERIES, plain, shortened

ACROSS = 4
INCHES = 2.4
LONGEST_NAME = 40


def attention_figure(layers: Sequence[Layer], maps: Maps, name: str) -> Figure:
    """Heads averaged; below, if it is defined, the rollout: the mean over all tokens of what they draw from
    each. `maps` is of one sequence.
    """
    shown = layers[:MOST_DRAWN]
    across = min(ACROSS, len(shown))
    down = -(-len(shown) // across)
    rolled = maps.rollout is not None
    size = (max(6.4, INCHES * across + 0.6), INCHES * down + 0.5 + 1.9 * rolled)
    figure = Figure(figsize=size, layout="constrained")
    above, *below = figure.subfigures(
        1 + rolled, 1, squeeze=False, height_ratios=[INCHES * down, 1.9][: 1 + rolled]
    )[:, 0]
    grid = above.subplots(down, across, squeeze=False).ravel()
    for axes, layer in zip(grid, shown, strict=False):
        draw_map(axes, layer, maps.weights[layer.name][0].mean(0).numpy())
    for axes in grid[len(shown) :]:
        axes.set_axis_off()
    if maps.rollout is not None:
        layer = next(layer for layer in layers if layer.square)
        draw_rollout(below[0].subplots(), layer, maps.rollout[0].mean(0).numpy())
    some = f", the first {len(shown)} of {len(layers)} layers" if len(shown) < len(layers) else ""
    figure.suptitle(f"attention in {shortened(name, LONGEST_NAME)}{some}", fontsize=10)
    return figure


def draw_map(axes: Axes, layer: Layer, weights: np.ndarray) -> None:
    """Queries down, keys across; a row sums to 1."""
    heat_map(axes, weights, pad=0.02)
    axes.set_title(f"{layer.name}, {heads_in_words(layer.heads)}", fontsize=8)
    axes.set_xlabel("key token", fontsize=7)
    axes.set_ylabel("query token", fontsize=7)
    axes.tick_params(labelsize=6)
    if layer.queries == 1:
        axes.set_yticks([0])


def heads_in_words(heads: int) -> str:
    return "1 head" if heads == 1 else f"mean of {heads} heads"


def draw_rollout(axes: Axes, layer: Layer, shares: np.ndarray) -> None:
    """At the middle of the bases that each token has seen, or by its number."""
    known = layer.bases is not None
    at = layer.bases.double().mean(1).numpy() - 0.5 if layer.bases is not None else np.arange(len(shares))
    axes.fill_between(at, shares, color=SERIES[0], alpha=0.25, linewidth=0)
    axes.plot(at, shares, color=SERIES[0], linewidth=1, marker="." if len(at) <= 100 else None, markersize=4)
    even = 1 / len(shares)
    axes.axhline(even, color="0.6", linewidth=0.8, linestyle=":")
    place: dict[str, Any] = {"xytext": (2, 0), "xycoords": ("axes fraction", "data"), "va": "center"}
    axes.annotate("even", (1, even), textcoords="offset points", fontsize=6, color="0.4", **place)
    axes.set_ylim(0, 1.08 * float(shares.max()))
    axes.set_ylabel("rollout\n(mean over tokens)", fontsize=8)
    axes.set_xlabel("middle of the token's bases (bp)" if known else "token", fontsize=8)
    axes.tick_params(labelsize=7)
    plain(axes)
