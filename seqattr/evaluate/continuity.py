"""Continuity: does an explanation stay the same where nothing that matters has changed?

A sequence is varied (`variations`) and the contributions c' of the same bases are compared with c, as
a share of their size: |c' - c| / ((|c'| + |c|) / 2), with Euclidean norms over the bases. That is 0 for the
same numbers, about 1.4 for unrelated ones and 2 at most. Divided by |x' - x|, as the model reads the one-hot
sequences, it is a local estimate of a Lipschitz constant (Alvarez-Melis & Jaakkola 2018, equation 2), in
relative terms since methods have different units.

A method cannot be steadier than its model, so how far the output moves is told beside it. Where that is far,
as with the reverse complement and a model that was never shown one, the sequence is another one to the model
and nothing is held against a method; methods are judged by the others, and beside the steadiest of them.
"""

from functools import partial

import numpy as np
import torch
from torch import Tensor

from seqattr.evaluate.controls import CONTROLS
from seqattr.evaluate.judgement import Judgement, Summaries
from seqattr.evaluate.measured import Measured, Summary
from seqattr.evaluate.question import Question
from seqattr.evaluate.variations import MUTATED, REVERSE, SHIFT, Variation, few_of, variations
from seqattr.figures.curves import Curve, CurveAxes, CurvePanel, curve_figure
from seqattr.figures.drawings import Drawing
from seqattr.figures.intervals import Point, PointPanel, interval_figure
from seqattr.support.progress import Progress
from seqattr.support.ranks import spearman

METRICS = {
    "change": "How far the contributions of the same bases move, as a share of their size: 0 where they "
    "stay, about 1.4 where they have nothing to do with each other.",
    "spearman": "The rank correlation of the same bases' contributions before and after.",
    "output": "How far the model's own output moves, as a share of what usually lies between a sequence and "
    "its references: no explanation can be steadier than that.",
    "mean change": "The change, over all variations under which the model's output stays about the same.",
    "lipschitz mean": "The change for each unit of change of the sequence, over the same variations (a local "
    "Lipschitz constant).",
    "lipschitz max": "The same in the worst of these variations.",
}
STAYS = 0.25  # of what lies between sequences and references: an output that moves less stays as it was
HALF = 0.5  # of what random numbers change: beyond it more is lost than is kept
STEADY = 2.0  # times the change of the steadiest other method: up to there nothing is held against one,
CLEARLY = 0.8  # where that is clearly less than what random numbers change
LIMITS = (
    f"A method passes whose scores surely change by no more than {HALF:.0%} of what random numbers do, or "
    f"{STEADY:g} times what the steadiest other method's do (and {CLEARLY:.0%} of random numbers')."
)


def measure(question: Question, method: str, progress: Progress) -> list[Measured]:
    """How far the method's contributions move, variation by variation, and over all neighbours."""
    few, varied = few_of(question), variations(question)
    before = question.contributions(method)[:, : len(few.sequences)].cpu()
    moves = question.once("moves of the output", lambda: output_moves(few, varied)).numpy()
    rows, changes = list[Measured](), list[np.ndarray]()
    for number, one in enumerate(varied):
        after = one.read_back(question.explain(method, question.model, one.sequences, one.references)).cpu()
        changes.append(relative_changes(before, after, one.same).numpy())
        orders = rank_correlations(before, after, one.same)
        for name, values in (("change", changes[-1]), ("spearman", orders), ("output", moves[number])):
            rows += of_targets(question, name, values, one)
        progress(number + 1, len(varied))
    near = moves.mean((1, 2)) <= STAYS
    distances = np.stack([distance(few, one) for one in varied])
    return rows + over_all(question, np.stack(changes)[near], distances[near])


def over_all(question: Question, changes: np.ndarray, distances: np.ndarray) -> list[Measured]:
    """Of changes (V, T, N) by distances (V, N) of the sequences; a sequence that did not change has none."""
    if not len(changes):
        return []
    with np.errstate(invalid="ignore", divide="ignore"):
        slopes = np.where(distances[:, None] > 0, changes / distances[:, None], np.nan)
    numbers = {
        "mean change": changes.mean(0),
        "lipschitz mean": slopes.mean(0),
        "lipschitz max": slopes.max(0),
    }
    return [row for name, values in numbers.items() for row in of_targets(question, name, values)]


def of_targets(
    question: Question, metric: str, values: np.ndarray, one: Variation | None = None
) -> list[Measured]:
    """A metric's numbers (T, N), of a variation or of all."""
    where = (one.step, one.at, one.seed) if one else ("", 0.0, None)
    whole = np.full((len(values), len(question.sequences)), np.nan)
    whole[:, : values.shape[1]] = values
    return [Measured(metric, name, row, *where) for name, row in zip(question.names, whole, strict=True)]


def relative_changes(before: Tensor, after: Tensor, same: Tensor) -> Tensor:
    """|after - before| by the mean of both sizes, (T, N), of contributions (T, N, L) at the `same` (N, L)
    bases; 0 where both are 0.
    """
    before, after = before * same, after * same
    size = (before.norm(dim=2) + after.norm(dim=2)) / 2
    return (after - before).norm(dim=2) / torch.where(size > 0, size, 1)


def rank_correlations(before: Tensor, after: Tensor, same: Tensor) -> np.ndarray:
    """Spearman's (T, N), of the same bases."""
    return np.array(
        [
            [
                spearman(one[mask].numpy(), other[mask].numpy())
                for one, other, mask in zip(*pair, same, strict=True)
            ]
            for pair in zip(before, after, strict=True)
        ]
    )


def distance(question: Question, one: Variation) -> np.ndarray:
    """|x' - x| (N,) of the one-hot sequences."""
    return (one.sequences - question.sequences).double().flatten(1).norm(dim=1).cpu().numpy()


def output_moves(question: Question, varied: list[Variation]) -> Tensor:
    """How far outputs move, (V, T, N), in units of the mean distance between a sequence's and its references'
    output (of zeros, where there are none).
    """
    values, usual = question.predict(question.sequences), at_references(question)
    scale = (values - usual).abs().mean(0)
    moved = torch.stack([question.predict(one.sequences) for one in varied])
    return ((moved - values).abs() / torch.where(scale > 0, scale, 1)).transpose(1, 2).cpu()


def at_references(question: Question) -> Tensor:
    """The mean output of each sequence's references, (N, T), or (1, T) of those that all share."""
    pool = question.references
    if pool is None:
        return question.predict(torch.zeros_like(question.sequences[:1]))
    answers = question.predict(pool.reshape(-1, *pool.shape[-2:]).to(question.sequences))
    return answers.unflatten(0, (-1, pool.shape[-3])).mean(1)


# --- what that means -------------------------------------------------------------------------------


def judge(method: str, summaries: Summaries) -> Judgement:
    """Steady is who changes little beside random numbers, or hardly more than the steadiest method does."""
    row, random = mean_change(method, summaries), mean_change("random", summaries)
    others = [name for name in summaries.methods if name not in CONTROLS and name != method]
    means = [mean for name in others if np.isfinite(mean := mean_change(name, summaries).mean)]
    steadiest = min(means, default=np.nan)
    limit = np.nanmax([HALF * random.mean, min(STEADY * steadiest, CLEARLY * random.mean), 0])
    passes, sentence = verdict(row, float(limit))
    if method in CONTROLS and passes:
        sentence = "It keeps still, though it ignores the model: to be steady alone proves nothing."
    basis = (
        f"moves by {row.mean:.2f} of its size ({row.low:.2f} to {row.high:.2f}), where the model's output "
        f"stays; the steadiest other by {steadiest:.2f}, random numbers by {random.mean:.2f}"
    )
    return Judgement(method, "continuity", passes, sentence, basis)


def verdict(row: Summary, limit: float) -> tuple[bool | None, str]:
    """By where the interval lies."""
    low, high = (row.low, row.high) if np.isfinite(row.low) else (row.mean, row.mean)
    if not np.isfinite(row.mean):
        return None, "The model's own output moves under every variation, so no explanation could stay."
    if high <= limit:
        return (
            True,
            "It says much the same of the same bases when the sequence is shifted or changed elsewhere.",
        )
    if low > limit:
        return (
            False,
            "Its scores jump when the sequence is shifted or nicked elsewhere, as the output does not.",
        )
    return None, "Whether its scores keep still when the sequence is shifted cannot be told from so few."


def mean_change(method: str, summaries: Summaries) -> Summary:
    """The mean change, and over all targets the mean of it and of its interval's ends."""
    rows = [row for row in summaries.select(method=method, metric="mean change") if np.isfinite(row.mean)]
    mean, low, high = np.mean([(r.mean, r.low, r.high) for r in rows], 0) if rows else [np.nan] * 3
    count = sum(row.sequences for row in rows)
    nan = float("nan")
    return Summary(method, "mean change", "", "", 0, None, count, float(mean), float(low), float(high), nan)


# --- figures ---------------------------------------------------------------------------------------


def draw(summaries: Summaries) -> list[Drawing]:
    """The change by the bases that a sequence is shifted by; and at the other variations."""
    curves = [
        CurvePanel(target, [curve(method, target, summaries) for method in summaries.methods])
        for target in summaries.targets
    ]
    axes = CurveAxes("bases that the sequence is shifted by", "change of contributions")
    shift = Drawing.of(
        "continuity-shift",
        "How far the contributions of the same bases move when a sequence is shifted: 0 where they stay, "
        "about 1.4 where they have nothing to do with each other.",
        partial(curve_figure, curves, axes),
    )
    panels = [PointPanel(step, points(step, summaries), 0.0) for step in (SHIFT, REVERSE, MUTATED)]
    others = Drawing.of(
        "continuity",
        "The change of contributions when a sequence is shifted, read as its reverse complement, or mutated "
        "at the flank on which the output hangs least. Below all: the model's own output, as a share of what "
        "usually lies between a sequence and its references.",
        partial(interval_figure, panels, [*summaries.methods, "the model's output"], "change"),
    )
    return [shift, others]


def curve(method: str, target: str, summaries: Summaries) -> Curve:
    rows = summaries.select(method=method, target=target, metric="change", step=SHIFT)
    at, mean, low, high = np.array([(row.at, row.mean, row.low, row.high) for row in rows]).reshape(-1, 4).T
    return Curve(method, at, mean, low, high, method in CONTROLS)


def points(step: str, summaries: Summaries) -> list[Point | None]:
    """One for each method at a variation, and last the model's own output."""
    rows = [summaries.select(method=name, metric="change", step=step) for name in summaries.methods]
    output = summaries.select(method=summaries.methods[0], metric="output", step=step)
    controls = [*(name in CONTROLS for name in summaries.methods), True]
    return [point(some, control) for some, control in zip([*rows, output], controls, strict=True)]


def point(rows: list[Summary], control: bool) -> Point | None:
    """The mean of all targets and of the interval's ends, of all seeds where there are several."""
    together = [row for row in rows if row.seed is None] or rows
    finite = [row for row in together if np.isfinite(row.mean)]
    if not finite:
        return None
    mean, low, high = np.mean([(row.mean, row.low, row.high) for row in finite], 0).tolist()
    return Point(mean, low, high, control)
