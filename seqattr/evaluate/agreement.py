"""Agreement: the rank correlation of each method's contributions with every other's."""

from math import isfinite

import numpy as np

from seqattr.evaluate.judgement import Judgement, Summaries
from seqattr.evaluate.measured import Measured
from seqattr.evaluate.question import Question
from seqattr.figures.drawings import Drawing
from seqattr.support.progress import Progress
from seqattr.support.ranks import spearman

METRICS = {
    "spearman": "The rank correlation of contributions within a sequence, 1 where the order is the same."
}


def measure(question: Question, method: str, progress: Progress) -> list[Measured]:
    """Against each of the question's methods, in the order of these."""
    own, measured = question.contributions(method).numpy(), list[Measured]()
    for number, other in enumerate(question.methods):
        theirs = question.contributions(other).numpy()
        for target, one, two in zip(question.names, own, theirs, strict=True):
            values = np.array([spearman(a, b) for a, b in zip(one, two, strict=True)])
            measured.append(Measured("spearman", target, values, other, number))
        progress(number + 1, len(question.methods))
    return measured


def judge(method: str, summaries: Summaries) -> Judgement:
    """Nobody is wrong for standing alone: it is told, and not judged."""
    rows = [row for row in summaries.select(method=method) if row.step != method and isfinite(row.mean)]
    if not rows:
        return Judgement(method, "agreement", None, "There is no other method to compare with.", "")
    mean = sum(row.mean for row in rows) / len(rows)
    return Judgement(
        method, "agreement", None, "How far it agrees with others is told, not judged.", f"mean ρ {mean:.2f}"
    )


def draw(summaries: Summaries) -> list[Drawing]:
    """Drawn by the page's own heat map."""
    return []
