"""Figures of what is put into backgrounds: effects by motif, by position, interactions by distance."""

import numpy as np
from matplotlib.figure import Figure

from seqattr.analyses.arrangements import ORDERS, Spacing
from seqattr.analyses.insertions import STRANDS
from seqattr.analyses.marginalization import Marginal
from seqattr.figures.curves import Curve, CurveAxes, CurvePanel, curve_figure
from seqattr.figures.intervals import Point, PointPanel, interval_figure
from seqattr.support.resampling import intervals

MOST_RANKED = 25  # motifs of a ranking
MOST_CURVES = 6


def largest(marginal: Marginal, target: int, most: int) -> list[int]:
    """The motifs of the largest mean effects on a target, on whichever strand."""
    means = np.nanmax(abs(marginal.effects[target].mean((2, 3))), axis=1)
    return [int(number) for number in np.argsort(-means, kind="stable")[:most]]


def ranking_figure(marginal: Marginal, target: int, unit: str) -> Figure:
    """The motifs of the largest effects, a panel for each strand; the mean over positions. Axes are alike."""
    numbers = largest(marginal, target, MOST_RANKED)
    values = marginal.effects[target, numbers].mean(2)  # (m, 2, B)
    ends = intervals(values.reshape(-1, values.shape[2]))
    low, high = (side.reshape(-1, 2) for side in ends)
    panels = [
        PointPanel(
            f"strand {strand}",
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
    figure = interval_figure(panels, [marginal.motifs[number].name for number in numbers], unit, signed)
    limits = [axes.get_xlim() for axes in figure.axes]
    for axes in figure.axes:
        axes.set_xlim(min(low for low, _ in limits), max(high for _, high in limits))
    return figure


def signed(effect: float) -> str:
    """With its sign, and two digits behind the point."""
    return f"{effect:+.2f}".replace("-", "−")


def position_figure(marginal: Marginal, target: int, unit: str) -> Figure:
    """The largest effects by position, a panel for each strand."""
    numbers, at = largest(marginal, target, MOST_CURVES), np.array(marginal.positions)
    panels = [
        CurvePanel(
            f"strand {strand}",
            [
                curve(marginal.motifs[number].name, at, marginal.effects[target, number, side])
                for number in numbers
            ],
        )
        for side, strand in enumerate(STRANDS)
    ]
    return curve_figure(panels, CurveAxes("middle of the motif (bp from the start)", unit))


def curve(name: str, at: np.ndarray, values: np.ndarray) -> Curve:
    """Means over backgrounds (P, B) with their intervals."""
    return Curve(name, at, values.mean(1), *intervals(values))


def distance_figure(spacing: Spacing, target: int, unit: str) -> Figure:
    """The interaction by distance: a panel for each order, a curve for each pair of strands."""
    at, names = np.array(spacing.distances, float), [motif.name for motif in spacing.motifs]
    values = spacing.interaction[target]
    panels = []
    for number, order in enumerate(ORDERS):
        first, second = names if order == "AB" else reversed(names)
        curves = [
            curve(f"{names[0]} {STRANDS[a]}, {names[1]} {STRANDS[b]}", at, values[number, a, b])
            for a, b in np.ndindex(2, 2)
        ]
        panels.append(CurvePanel(f"{first} before {second}", curves))
    return curve_figure(panels, CurveAxes("bases between the motifs", unit))
