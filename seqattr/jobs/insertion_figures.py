"""Figures of what is put into backgrounds: effects by motif, by position, interactions by distance.

Panels stand side by side, or `stacked` for a narrow page.
"""

from collections.abc import Callable, Iterable
from functools import partial

import numpy as np
from matplotlib.figure import Figure

from seqattr.analyses.arrangements import Spacing
from seqattr.analyses.insertions import STRANDS
from seqattr.analyses.marginalization import Marginal
from seqattr.figures.curves import Curve, CurveAxes, CurvePanel, curve_figure
from seqattr.figures.intervals import Point, PointPanel, interval_figure
from seqattr.figures.numbers import decimal_places, minus, signed
from seqattr.support.resampling import intervals

MOST_RANKED = 25  # motifs of a ranking
MOST_CURVES = 6


def largest(marginal: Marginal, target: int, most: int) -> list[int]:
    """The motifs of the largest mean effects on a target, on whichever strand."""
    means = np.nanmax(abs(marginal.effects[target].mean((2, 3))), axis=1)
    return [int(number) for number in np.argsort(-means, kind="stable")[:most]]


def ranking_figure(marginal: Marginal, target: int, unit: str, stacked: bool = False) -> Figure:
    """The motifs of the largest effects, a panel for each strand; the mean over positions. Axes are alike."""
    numbers = largest(marginal, target, MOST_RANKED)
    values = marginal.effects[target, numbers].mean(2)  # (m, 2, B)
    ends = intervals(values.reshape(-1, values.shape[2]))
    low, high = (side.reshape(-1, 2) for side in ends)
    panels = [
        PointPanel(
            f"strand {minus(strand)}",
            [
                Point(float(mean), float(least), float(most))
                for mean, least, most in zip(
                    values[:, side].mean(1), low[:, side], high[:, side], strict=True
                )
            ],
            0.0,
        )
        for side, strand in enumerate(STRANDS)
    ]
    names = [marginal.motifs[number].name for number in numbers]
    return alike(interval_figure(panels, names, unit, written_like(values.mean(2).ravel()), stacked))


def position_figure(marginal: Marginal, target: int, unit: str, stacked: bool = False) -> Figure:
    """The largest effects by position, a panel for each strand."""
    numbers, at = largest(marginal, target, MOST_CURVES), np.array(marginal.positions)
    panels = [
        CurvePanel(
            f"strand {minus(strand)}",
            [
                curve(marginal.motifs[number].name, at, marginal.effects[target, number, side])
                for number in numbers
            ],
        )
        for side, strand in enumerate(STRANDS)
    ]
    axes = CurveAxes("middle of the motif (bp from the start)", unit, counts=True)
    return curve_figure(panels, axes, stacked)


def curve(name: str, at: np.ndarray, values: np.ndarray) -> Curve:
    """Means over backgrounds (P, B) with their intervals."""
    return Curve(name, at, values.mean(1), *intervals(values))


def distance_figure(spacing: Spacing, target: int, unit: str, stacked: bool = False) -> Figure:
    """The interaction by distance: a panel for each order, a curve for each pair of strands; of one distance
    a point for each.
    """
    names, signs = [motif.name for motif in spacing.motifs], [minus(strand) for strand in STRANDS]
    titles = [f"{first} before {second}" for first, second in (names, names[::-1])]
    pairs = {f"{names[0]} {signs[a]}, {names[1]} {signs[b]}": (a, b) for a, b in np.ndindex(2, 2)}
    at, values = np.array(spacing.distances, float), spacing.interaction[target]
    panels = [
        CurvePanel(title, [curve(name, at, values[order, *pair]) for name, pair in pairs.items()])
        for order, title in enumerate(titles)
    ]
    if len(at) > 1:
        return curve_figure(panels, CurveAxes("bases between the motifs", unit, counts=True), stacked)
    points = [PointPanel(panel.title, [point_of(one) for one in panel.curves], 0.0) for panel in panels]
    written = written_like([point_of(one).mean for panel in panels for one in panel.curves])
    return alike(interval_figure(points, [one.name for one in panels[0].curves], unit, written, stacked))


def written_like(means: Iterable[float]) -> Callable[[float], str]:
    """Numbers that stand in one figure, with as many decimals each."""
    return partial(signed, places=decimal_places(means))


def point_of(curve: Curve) -> Point:
    """A curve of one place."""
    return Point(float(curve.mean[0]), float(curve.low[0]), float(curve.high[0]))


def alike(figure: Figure) -> Figure:
    """With the same limits along all lower axes."""
    limits = [axes.get_xlim() for axes in figure.axes]
    for axes in figure.axes:
        axes.set_xlim(min(low for low, _ in limits), max(high for _, high in limits))
    return figure
