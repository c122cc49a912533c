"""What randomising a model leaves of its explanations, drawn: down the cascade, and of each layer alone."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from seqattr.evaluate.bounds import bounds_of
from seqattr.evaluate.controls import CONTROLS
from seqattr.evaluate.judgement import Summaries
from seqattr.evaluate.measured import Summary
from seqattr.figures.curves import Curve, CurveAxes, CurvePanel, curve_figure
from seqattr.figures.drawings import Drawing
from seqattr.figures.intervals import Point, PointPanel, interval_figure

ALONE = "{} alone"  # the step at which no more than this layer is randomised
DRAWN = {"spearman": "rank correlation", "spearman-abs": "rank correlation of sizes"}


def is_alone(row: Summary) -> bool:
    """Whether it is of one layer, and not of the cascade."""
    return row.step.endswith(ALONE.format(""))


def drawings_of(summaries: Summaries) -> list[Drawing]:
    """None where nothing was measured."""
    down = Summaries([row for row in summaries if not is_alone(row)])
    alone = Summaries([row for row in summaries if is_alone(row)])
    if not down.rows or not alone.rows:
        return []
    return [cascade(down), each_alone(alone)]


def cascade(rows: Summaries) -> Drawing:
    """Curves from 1, where nothing has been randomised."""
    panels = [
        CurvePanel(title, [curve_of(method, rows, metric) for method in rows.methods])
        for metric, title in DRAWN.items()
    ]
    ticks = [(0.0, "none"), *steps_of(rows)]
    axes = CurveAxes("randomised from the output down to", "similarity to the original's scores", ticks)
    caption = (
        "What stays of the scores as layer after layer forgets what it learned. A method that shows the "
        "model falls to about 0; one that stays up shows the sequence."
    )
    return Drawing.of("sanity", caption, partial(curve_figure, panels, axes))


def curve_of(method: str, rows: Summaries, metric: str) -> Curve:
    """The mean over targets."""
    steps = steps_of(rows)
    bounds = [bounds_of(rows.select(method=method, metric=metric, at=at)) for at, _ in steps]
    mean, low, high = (np.array([1.0, *side]) for side in zip(*bounds, strict=True))
    return Curve(method, np.array([0.0, *(at for at, _ in steps)]), mean, low, high, method in CONTROLS)


def each_alone(rows: Summaries) -> Drawing:
    """A panel for each layer."""
    metric = "spearman-abs"
    panels = [
        PointPanel(
            step,
            [point_of(method, rows.select(method=method, metric=metric, at=at)) for method in rows.methods],
        )
        for at, step in steps_of(rows)
    ]
    caption = "What stays of the scores' sizes when one layer alone forgets what it learned."
    return Drawing.of("sanity_alone", caption, partial(interval_figure, panels, rows.methods, DRAWN[metric]))


def point_of(method: str, rows: Sequence[Summary]) -> Point:
    return Point(*bounds_of(rows), method in CONTROLS)


def steps_of(rows: Summaries) -> list[tuple[float, str]]:
    """From the output to the input."""
    return sorted({row.at: row.step.removesuffix(ALONE.format("")) for row in rows}.items())
