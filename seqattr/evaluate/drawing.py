"""Summaries as the plain arrays that figures are drawn from: curves and intervals by method and target."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from seqattr.evaluate.controls import CONTROLS
from seqattr.evaluate.judgement import Summaries
from seqattr.evaluate.measured import Summary
from seqattr.figures.curves import Curve, CurveAxes, CurvePanel, curve_figure
from seqattr.figures.intervals import Point, PointPanel, interval_figure


def of_all_seeds(rows: Sequence[Summary]) -> list[Summary]:
    """Of each point of a curve the summary of all seeds, or that of the only one."""
    best: dict[tuple[str, str, str, str, float], Summary] = {}
    for row in rows:
        key = (row.method, row.metric, row.target, row.step, row.at)
        if key not in best or row.seed is None:
            best[key] = row
    return list(best.values())


def curves_by_method(summaries: Summaries, metric: str, axes: CurveAxes, stacked: bool = False) -> Figure:
    """A panel for each target, a curve for each method and control, over `at`; `stacked` as panels are."""
    rows = of_all_seeds(summaries.select(metric=metric))
    panels = [
        CurvePanel(target, curves_of([row for row in rows if row.target == target]))
        for target in dict.fromkeys(row.target for row in rows)
    ]
    return curve_figure(panels, axes, stacked)


def curves_of(rows: Sequence[Summary]) -> list[Curve]:
    """Of one metric and target: a curve for each method, in their order."""
    curves = []
    for method in dict.fromkeys(row.method for row in rows):
        own = sorted((row for row in rows if row.method == method), key=lambda row: row.at)
        at, mean, low, high = np.array([(row.at, row.mean, row.low, row.high) for row in own], float).T
        curves.append(Curve(method, at, mean, low, high, method in CONTROLS))
    return curves


def intervals_by_method(
    summaries: Summaries,
    metric: str,
    across: str = "",
    line: float | None = None,
    step: str = "",
    stacked: bool = False,
) -> Figure:
    """A panel for each target, a row for each method and control, of the metric's values at one step;
    `stacked` for a narrow page.
    """
    rows = of_all_seeds(summaries.select(metric=metric, step=step))
    methods = list(dict.fromkeys(row.method for row in rows))
    points = {
        (row.target, row.method): Point(row.mean, row.low, row.high, row.method in CONTROLS) for row in rows
    }
    panels = [
        PointPanel(target, [points.get((target, method)) for method in methods], line)
        for target in dict.fromkeys(row.target for row in rows)
    ]
    return interval_figure(panels, methods, across, stacked=stacked)
