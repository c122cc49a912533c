"""From one class to another by erasing what matters: the digits of the DeepLIFT paper, as bases.

Shrikumar, Greenside & Kundaje 2017, section 4.1: of a sequence that the model puts into class c0 rather than
ct, the bases with the largest positive difference of contributions, to c0 less to ct, are erased, up to a
fifth of all; what counts is how far the log-odds move from c0 to ct. The targets' values are log-odds, or
logits of a softmax, so that their difference is that between the two classes.
"""

from collections.abc import Iterator
from itertools import permutations
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from seqattr.evaluate.controls import CONTROLS
from seqattr.evaluate.flipping import (
    MOST,
    ORDERS,
    Flips,
    Floats,
    chances,
    flip,
    known_bases,
    once,
    ranks_of,
    references,
    values_of,
)
from seqattr.evaluate.measured import Measured
from seqattr.evaluate.question import Question
from seqattr.support.progress import Progress, silent

MOST_CLASSES = 4  # of which all pairs are taken: 12


class Pair(NamedTuple):
    """From one target to another, by their numbers."""

    origin: int
    goal: int


def pairs_of(classes: int) -> list[Pair]:
    """All ordered pairs of the first few."""
    return [Pair(*pair) for pair in permutations(range(min(classes, MOST_CLASSES)), 2)]


def erased(question: Question, method: str, pairs: list[Pair]) -> npt.NDArray[np.bool_]:
    """Which bases go, (N, P, L): the largest positive differences, at most the MOST of all bases."""
    contributions = question.contributions(method).cpu().numpy()
    known, ties = known_bases(question.sequences)[:, None], chances(question, "ties", 1)
    differences = np.stack([contributions[pair.origin] - contributions[pair.goal] for pair in pairs], 1)
    limit = int(MOST * differences.shape[-1])
    return np.asarray((ranks_of(differences, ties, known) < limit) & (differences > 0) & known)


def moved(values: Floats, before: Floats, pairs: list[Pair]) -> Floats:
    """How far the log-odds move towards each pair's goal, from values (N, T) to (N, P, T): (P, N)."""
    change = values - before[:, None]
    return np.stack([change[:, p, pair.goal] - change[:, p, pair.origin] for p, pair in enumerate(pairs)])


def origins(question: Question, pairs: list[Pair]) -> npt.NDArray[np.bool_]:
    """Which sequences the model puts into a pair's first class rather than its second, (P, N)."""
    values = values_of(question)
    return np.stack([values[:, pair.origin] > values[:, pair.goal] for pair in pairs])


def class_flips(question: Question, method: str, pairs: list[Pair], progress: Progress = silent) -> Floats:
    """The change of the log-odds towards the goal, (P, N); NaN of sequences of another class."""
    gone = erased(question, method, pairs)
    flips = Flips(np.where(gone, 0, 1), np.ones((len(gone), 1), np.int64), references(question))
    change = moved(flip(question, flips, progress)[:, :, 0], values_of(question), pairs)
    return np.where(origins(question, pairs), change, np.nan)


def at_random(question: Question, pairs: list[Pair]) -> Floats:
    """The same with the whole of the share erased at random, ORDERS times: (ORDERS, P, N)."""
    values = once(question, "erased at random", lambda: _erased_at_random(question))
    before, number = values_of(question), len(pairs)
    change = [moved(values[:, d, None].repeat(number, 1), before, pairs) for d in range(ORDERS)]
    return np.where(origins(question, pairs), np.stack(change), np.nan)


def _erased_at_random(question: Question) -> Floats:
    """The targets' values (N, ORDERS, T)."""
    known, drawn = known_bases(question.sequences), chances(question, "classes", ORDERS)
    ranks = ranks_of(np.zeros_like(drawn), drawn, known[:, None])
    limits = np.minimum(known.sum(1), int(MOST * known.shape[1]))
    return flip(question, Flips(ranks, limits[:, None], references(question)))[:, :, 0]


def classes(question: Question, method: str) -> Iterator[Measured]:
    """From class to class, where there are several; a control says the same of all."""
    pairs = pairs_of(len(question.names))
    if not pairs or method in CONTROLS:
        return
    flips, chance = class_flips(question, method, pairs), at_random(question, pairs).mean(0)
    for number, pair in enumerate(pairs):
        origin, goal = (question.names[target] for target in pair)
        for metric, values in (("class-flip", flips), ("class-flip-gain", flips - chance)):
            yield Measured(metric, origin, values[number], f"to {goal}", pair.goal)
