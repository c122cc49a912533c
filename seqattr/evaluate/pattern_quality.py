"""Pattern quality: how much of a unit's output is left in what its pattern leaves behind.

A unit answers y = w x, and an estimator S says what in x is the signal that y comes from. Kindermans et al.
2018, section 4, equation 4:

    rho(S) = 1 - max over v of corr(w x, v (x - S(x)))

is 1 where nothing of y can be predicted from the rest, 0 where all of it can. v is found by ridge regression
in float64 from a third of the sequences, and the correlation is that of another third, so that chance is no
quality: where nothing is left rho is 1, give or take what is found by chance. Compared are

    patterns       those that were learned, as patternnet and patternattribution use them
    filter         the weights themselves, S(x) = w (w x) / (w w), as the gradient does
    linear         S_a: a (w x), of the covariance of x and y
    two-component  S_a+-: one a where the rectifier behind is on, and another where it is off
    random         a direction drawn at random, of the same signal

The estimator S(x) = x leaves nothing behind: its rho is 1 whatever is learned, and says nothing. A file of
patterns holds a+ alone, as nothing comes back where the rectifier is off; a- and whatever else is learned
here is from the last third of the sequences.
The number of a sequence is its part in the correlation of all, so that their mean is rho.
"""

from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from seqattr.analyses.pattern_windows import Windows
from seqattr.engine.rules.gradient import GRADIENT
from seqattr.engine.rules.weighted_steps import WeightedStep, weighted_steps
from seqattr.engine.walk.forward import side_values
from seqattr.engine.walk.plan import Plan
from seqattr.engine.walk.session import Session
from seqattr.evaluate.controls import generator_of
from seqattr.evaluate.judgement import Judgement, Summaries
from seqattr.evaluate.measured import Measured
from seqattr.evaluate.question import Question
from seqattr.evaluate.step_windows import StepWindows, readable, windows_of
from seqattr.figures.drawings import Drawing
from seqattr.figures.intervals import Point, PointPanel, interval_figure
from seqattr.methods.registry import METHODS
from seqattr.support.progress import Progress

PATTERNS, FILTER, LINEAR, BOTH, RANDOM = "patterns", "filter", "linear", "two-component", "random"
ESTIMATORS = (PATTERNS, FILTER, LINEAR, BOTH, RANDOM)
METRICS = {
    f"rho {name}": f"{first}: 1 where nothing of a unit's output can be predicted from what is left behind."
    for name, first in {
        PATTERNS: "The quality of the patterns that the method uses",
        FILTER: "The same of the weights in the patterns' place",
        LINEAR: "The same of patterns from covariances over all windows",
        BOTH: "The same of one pattern where a unit is on and another where it is off",
        RANDOM: "The same of random directions",
    }.items()
}
LIMITS = "A method passes whose patterns surely leave less behind than the weights themselves do."
ALL_STEPS = ""  # the mean over steps
WHOLE_MODEL = "all outputs"
ENOUGH = 12  # sequences
LEARNED, PREDICTED, HELD = range(3)  # the thirds: of estimators, of v, of the correlation
ROUNDING = 1e-12


class Directions(NamedTuple):
    """What an estimator takes for the signal of each unit, in units of y: where it is on, and where off."""

    on: Tensor  # (U, K)
    off: Tensor


def missing(question: Question) -> str:
    """Why it cannot be asked, "" where it can."""
    if question.patterns is None:
        return "it needs `patterns`, which `seqattr patterns` learns from sequences"
    if len(question.sequences) < ENOUGH:
        return f"it needs at least {ENOUGH} sequences, not {len(question.sequences)}"
    return ""


def measure(question: Question, method: str, progress: Progress) -> list[Measured]:
    """Of methods that use patterns, step by step and for all steps together; else nothing."""
    if method not in METHODS or not METHODS[method].needs_patterns or missing(question):
        return []
    session = Session(question.model, device="cpu", dtype=torch.float64)
    layers = [layer for layer in weighted_steps(session.graph) if readable(session.graph, layer)]
    numbers = question.once("pattern quality", lambda: qualities(question, session, layers, progress))
    rows = []
    for number, name in enumerate(ESTIMATORS):
        for at, (layer, values) in enumerate(zip(layers, numbers, strict=True), 1):
            rows.append(
                Measured(f"rho {name}", WHOLE_MODEL, values[number].numpy(), layer.step.name, float(at))
            )
        if layers:
            rows.append(Measured(f"rho {name}", WHOLE_MODEL, numbers[:, number].mean(0).numpy(), ALL_STEPS))
    return rows


def qualities(question: Question, session: Session, layers: list[WeightedStep], progress: Progress) -> Tensor:
    """Of steps and estimators, (steps, estimators, N): NaN for the sequences that v is found from."""
    assert question.patterns is not None
    patterns = question.patterns.of(question.model)
    plan = session.plan(GRADIENT)
    found = torch.full((len(layers), len(ESTIMATORS), len(question.sequences)), torch.nan)
    found = found.double()
    windows = Windows(plan)
    for number, layer in enumerate(layers):
        data = gathered(question, plan, layer, windows)
        learned = patterns[layer.step.name].flatten(1)[data.units].double().cpu()
        thirds = [data.select(data.row % 3 == third) for third in (LEARNED, PREDICTED, HELD)]
        predict = Predictor(thirds[PREDICTED])
        for which, one in enumerate(estimators(thirds[LEARNED], learned, layer, question.seed).values()):
            found[number, which] = quality(predict, thirds[HELD], one, found.shape[2])
        progress(number + 1, len(layers))
    return found


def gathered(question: Question, plan: Plan, layer: WeightedStep, windows: Windows) -> StepWindows:
    """A step's windows in all sequences."""
    parts, first = [], 0
    for some in question.sequences.cpu().split(question.batch_size or 64):
        part = windows_of(plan.graph, layer, side_values(plan, some.double()), windows)
        parts.append(part._replace(row=part.row + first))
        first += len(some)
    x, y, on, row = (torch.cat([part[k] for part in parts]) for k in range(4))
    return StepWindows(x, y, on, row, parts[0].weight, parts[0].units)


# --- estimators ------------------------------------------------------------------------------------


def estimators(data: StepWindows, learned: Tensor, layer: WeightedStep, seed: int) -> dict[str, Directions]:
    """All ESTIMATORS; those that need data take it from the windows given."""
    weight, on = data.weight, data.on
    drawn = torch.randn(weight.shape, dtype=weight.dtype, generator=generator_of(seed, len(weight)))
    every = torch.ones_like(on)
    linear, off = pattern(data, every), pattern(data, 1 - on)
    both = (pattern(data, on), off) if layer.before is not None else (linear, linear)
    made = {
        PATTERNS: (learned, off if layer.before is not None else learned),
        FILTER: (calibrated(weight, weight),) * 2,
        LINEAR: (linear, linear),
        BOTH: both,
        RANDOM: (calibrated(drawn, weight),) * 2,
    }
    return {name: Directions(*made[name]) for name in ESTIMATORS}


def pattern(data: StepWindows, mask: Tensor) -> Tensor:
    """a = c / (w c), (U, K), with c = E[x y] - E[x] E[y]: E[x y] and E[x] over the windows of a mask (M, U),
    E[y] over all. 0 where there is none.
    """
    seen = mask.sum(0).clamp(min=1)[:, None]
    covariance = (mask * data.y).T @ data.x / seen - (mask.T @ data.x / seen) * data.y.mean(0)[:, None]
    return calibrated(covariance, data.weight)


def calibrated(directions: Tensor, weight: Tensor) -> Tensor:
    """Directions (U, K) of such a length that w a = 1; 0 where they lie across the weights."""
    down = (directions * weight).sum(1, keepdim=True)
    size = (directions * weight).abs().sum(1, keepdim=True)
    return torch.where(down.abs() > ROUNDING * size, directions / torch.where(down == 0, 1, down), 0)


# --- rho -------------------------------------------------------------------------------------------


def quality(predict: "Predictor", held: StepWindows, directions: Directions, sequences: int) -> Tensor:
    """rho (N,) of an estimator over the windows `held` out: the mean over their sequences is the mean over
    units, but for those that have no pattern or are the same everywhere.
    """
    parts = []
    for unit in range(len(held.units)):
        ends = torch.stack([directions.on[unit], directions.off[unit]], 1)  # (K, 2)
        y, sides = sides_of(held, unit)
        v = predict.of(unit, ends)
        if bool(ends.any()) and bool(standard(y).any()):
            parts.append(standard(y) * standard(held.x @ v - sides @ (ends.T @ v)))
    whole = torch.full((sequences,), torch.nan, dtype=torch.float64)
    if parts:
        rows = held.row.unique()
        sums = torch.zeros(sequences, dtype=torch.float64).index_add(0, held.row, torch.stack(parts).mean(0))
        whole[rows] = 1 - sums[rows] * len(rows) / len(held.row)
    return whole


def sides_of(data: StepWindows, unit: int) -> tuple[Tensor, Tensor]:
    """y (M,) of a unit, and the same where it is on and where it is off, (M, 2)."""
    y, on = data.y[:, unit], data.on[:, unit]
    return y, torch.stack([y * on, y * (1 - on)], 1)


class Predictor:
    """What predicts y best from what an estimator leaves behind, by ridge regression on M windows.

    Each input's variance is raised by the K / M-th part of their mean: the more windows there are for the K
    numbers to be found, the less.
    """

    def __init__(self, data: StepWindows) -> None:
        self.data, self.centred = data, data.x - data.x.mean(0)
        self.covariance = self.centred.T @ self.centred / max(1, len(data.x))

    def of(self, unit: int, ends: Tensor) -> Tensor:
        """v (K,) for a unit, of whose sides S(x) takes these ends (K, 2) for the signal."""
        number, inputs = self.centred.shape
        sides = sides_of(self.data, unit)[1]
        apart = sides - sides.mean(0)
        across, own = self.centred.T @ apart / number, apart.T @ apart / number  # (K, 2), (2, 2)
        mixed = across @ ends.T
        covariance = self.covariance - mixed - mixed.T + ends @ own @ ends.T
        ridge = covariance.diagonal().mean() * inputs / number
        if not ridge > 0:
            return torch.zeros_like(ends[:, 0])
        covariance.diagonal().add_(ridge)
        return torch.linalg.solve(covariance, (across - ends @ own).sum(1))


def standard(values: Tensor) -> Tensor:
    """(M,) less their mean, in standard deviations; 0 where they are all the same."""
    centred = values - values.mean()
    size = centred.square().mean().sqrt()
    return centred / size if size > ROUNDING * values.abs().max() else torch.zeros_like(values)


# --- what that means -------------------------------------------------------------------------------


def judge(method: str, summaries: Summaries) -> Judgement:
    """Patterns are good that leave less behind than the weights themselves do."""
    own, weights = (
        next(iter(summaries.select(method=method, metric=f"rho {name}", step=ALL_STEPS)), None)
        for name in (PATTERNS, FILTER)
    )
    if own is None or weights is None or not np.isfinite([own.mean, weights.mean]).all():
        return Judgement(method, "patterns", None, "It uses no patterns: there is nothing to measure.", "")
    if own.low > weights.high:
        passes, text = True, "Its patterns catch what the units answer to, and leave little of it behind."
    elif own.high < weights.low:
        passes, text = (
            False,
            "Its patterns leave more of what the units answer to behind than the weights do.",
        )
    else:
        passes, text = None, "Whether its patterns catch more than the weights alone cannot be told apart."
    basis = (
        f"ρ {own.mean:.2f} ({own.low:.2f} to {own.high:.2f}); of the weights alone {weights.mean:.2f} "
        f"({weights.low:.2f} to {weights.high:.2f})"
    )
    return Judgement(method, "patterns", passes, text, basis)


def draw(summaries: Summaries) -> list[Drawing]:
    """rho of each estimator, step by step and of all."""
    method = next((row.method for row in summaries), None)
    if method is None:
        return []
    rows = summaries.select(method=method, metric=f"rho {PATTERNS}")
    panels = [
        PointPanel(
            row.step or "all steps",
            [
                Point(one.mean, one.low, one.high, name == RANDOM)
                for name in ESTIMATORS
                for one in summaries.select(method=method, metric=f"rho {name}", step=row.step)
            ],
            1.0,
        )
        for row in rows
    ]
    caption = "How little of a unit's output is left in what an estimator leaves behind: 1 where nothing is."
    return [Drawing.of("patterns", caption, partial(interval_figure, panels, ESTIMATORS, "ρ"))]
