"""Agreement: the rank correlation of each method's contributions with every other's."""

from collections.abc import Sequence
from math import isfinite, sqrt

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from seqattr.evaluate.clustering import leaf_order
from seqattr.evaluate.judgement import Judgement, Summaries
from seqattr.evaluate.measured import Measured, Summary
from seqattr.evaluate.question import Question
from seqattr.figures.drawings import Drawing
from seqattr.figures.matrix import matrix_figure
from seqattr.support.progress import Progress
from seqattr.support.ranks import average_ranks

METRICS = {
    "spearman": "The rank correlation of two methods' contributions to a sequence: 1 where both put "
    "all bases in one order, 0 where one says nothing of the other."
}
EVERY = "all targets"
LIMITS = "It judges nobody."


def measure(question: Question, method: str, progress: Progress) -> list[Measured]:
    """Against each of the question's methods, in the order of these; for each target, and the mean of all."""
    own, measured = ranks(question, method), list[Measured]()
    for number, other in enumerate(question.methods):
        values = (own * ranks(question, other)).sum(2).numpy()
        for target, one in zip(question.names, values, strict=True):
            measured.append(Measured("spearman", target, one, other, number))
        if len(values) > 1:
            measured.append(Measured("spearman", EVERY, values.mean(0), other, number))
        progress(number + 1, len(question.methods))
    return measured


def ranks(question: Question, method: str) -> Tensor:
    """Ranks of contributions about their mean, (T, N, L), each row of length 1: products are correlations.

    Ties have mean ranks; a row of one value alone is NaN.
    """
    return question.once(f"ranks of {method}", lambda: scaled_ranks(question.contributions(method)))


def scaled_ranks(contributions: Tensor) -> Tensor:
    """Those of each row of (T, N, L)."""
    flat = contributions.flatten(0, 1).numpy()
    centred = [average_ranks(row) - (flat.shape[1] + 1) / 2 for row in flat]
    scales = [sqrt(row @ row) or np.nan for row in centred]
    rows = [row / scale for row, scale in zip(centred, scales, strict=True)]
    return torch.from_numpy(np.stack(rows)).view(contributions.shape)


def judge(method: str, summaries: Summaries) -> Judgement:
    """Nobody is wrong for standing alone: it is told, and not judged."""
    rows = [row for row in with_each_method(summaries, method) if row.step != method and isfinite(row.mean)]
    if not rows:
        return Judgement(method, "agreement", None, "There is no other method to compare with.", "")
    nearest, farthest = max(rows, key=lambda row: row.mean), min(rows, key=lambda row: row.mean)
    sentence = f"Of the others, {nearest.step} orders the bases most as it does"
    rest = f", and {farthest.step} least." if len(rows) > 1 else "."
    basis = "; ".join(in_words(row) for row in dict.fromkeys((nearest, farthest)))
    return Judgement(method, "agreement", None, sentence + rest, basis)


def with_each_method(summaries: Summaries, method: str) -> list[Summary]:
    """With each method, over all targets."""
    target = EVERY if EVERY in summaries.targets else summaries.targets[0]
    return summaries.select(method=method, metric="spearman", target=target)


def in_words(row: Summary) -> str:
    """As "ρ 0.71 (0.68 to 0.74) with gradient"."""
    return f"ρ {row.mean:.2f} ({row.low:.2f} to {row.high:.2f}) with {row.step}"


def draw(summaries: Summaries) -> list[Drawing]:
    """All methods against each other, like beside like; controls below."""
    if not summaries.rows:
        return []
    table = {
        method: {row.step: row.mean for row in with_each_method(summaries, method)}
        for method in summaries.methods
    }
    columns = list(next(iter(table.values())))
    values = matrix(table, columns, columns)
    order = [columns[number] for number in leaf_order(1 - values)]
    rows = [*order, *(method for method in table if method not in columns)]
    caption = "Rank correlation between the contributions of methods, mean over sequences and targets"
    return [Drawing("agreement", caption, matrix_figure(matrix(table, rows, order), rows, order))]


def matrix(
    table: dict[str, dict[str, float]], rows: Sequence[str], columns: Sequence[str]
) -> npt.NDArray[np.float64]:
    """(rows, columns), NaN where there is none."""
    return np.array(
        [[table.get(row, {}).get(column, np.nan) for column in columns] for row in rows], np.float64
    )
