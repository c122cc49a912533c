"""Pixels erased to turn one digit into another, and how far each method moves the log-odds.

Of each image of the digit c0 the pixels with the largest positive difference of contributions, to c0 less to
ct, are made black, up to a fifth of all (12 of 64; the paper's 157 of 784).
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from seqattr.digits.network import Digits, as_sequences
from seqattr.engine.capture.model import Model
from seqattr.evaluate.class_flipping import Pair, at_random, class_flips, erased
from seqattr.evaluate.flipping import Floats
from seqattr.evaluate.question import Question
from seqattr.support.progress import Counter, Progress, silent
from seqattr.support.resampling import interval

METHODS = (
    "gradient",
    "guided-backprop",
    "integrated-gradients-10",
    "deeplift-rescale",
    "deeplift-revealcancel",
)
RANDOM = "random pixels"
SHOWN = (Pair(8, 3), Pair(8, 6), Pair(9, 1), Pair(4, 1))  # of the paper's figure
ALL = "all pairs"
Changes = Mapping[tuple[str, Pair], Floats]  # of the log-odds, an image each, by method and pair


class Mean(NamedTuple):
    """How far a method moves the log-odds, with the bounds of the 95 % interval over images."""

    method: str
    pair: str
    images: int
    mean: float
    low: float
    high: float


class Lead(NamedTuple):
    """The method that moves the log-odds furthest, and how much further than the second, over images."""

    first: Mean
    second: str
    ahead: float
    low: float
    high: float

    @property
    def leads(self) -> bool:
        """Whether the interval leaves no doubt."""
        return self.low > 0


def name_of(pair: Pair) -> str:
    return f"{pair.origin} to {pair.goal}"


def pairs_from(origin: int) -> list[Pair]:
    """To each other digit."""
    return [Pair(origin, goal) for goal in range(10) if goal != origin]


def question_of(model: Model, digits: Digits, digit: int, methods: Sequence[str], seed: int) -> Question:
    """About all images of a digit, against black."""
    images = as_sequences(digits.images[digits.labels == digit])
    return Question(model, images, None, tuple(methods), seed=seed)


def changes_of(
    model: Model,
    digits: Digits,
    methods: Sequence[str] = METHODS,
    seed: int = 0,
    progress: Progress = silent,
) -> dict[tuple[str, Pair], Floats]:
    """Of every method and of random pixels, for all 90 pairs."""
    counter, changes = Counter(10 * len(methods), progress), dict[tuple[str, Pair], Floats]()
    for digit in range(10):
        question, pairs = question_of(model, digits, digit, methods, seed), pairs_from(digit)
        rows = {RANDOM: at_random(question, pairs).mean(0)}
        for method in methods:
            rows[method] = class_flips(question, method, pairs)
            counter.add()
        changes |= {
            (method, pair): values
            for method, of in rows.items()
            for pair, values in zip(pairs, of, strict=True)
        }
    return changes


def over_nets(nets: Sequence[Changes]) -> dict[tuple[str, Pair], Floats]:
    """The mean over nets, image by image; NaN where a net takes the image for the other digit."""
    return {key: np.mean([net[key] for net in nets], axis=0) for key in nets[0]}


def by_image(changes: Changes, method: str, pair: str) -> Floats:
    """A method's changes for one pair, or of each image the mean over all goals: (images,)."""
    if pair != ALL:
        return next(of for (name, p), of in changes.items() if name == method and name_of(p) == pair)
    rows = []
    for digit in range(10):
        goals = np.stack([changes[method, p] for p in pairs_from(digit)])
        known = np.isfinite(goals)
        rows.append(np.where(known, goals, 0).sum(0)[known.any(0)] / known.sum(0)[known.any(0)])
    return np.concatenate(rows)


def methods_in(changes: Changes) -> list[str]:
    return list(dict.fromkeys(method for method, _ in changes))


def names_of_pairs(changes: Changes) -> list[str]:
    """All of them together, then those of the paper, then the others."""
    pairs = dict.fromkeys([*SHOWN, *(pair for _, pair in changes)])
    return [ALL, *(name_of(pair) for pair in pairs)]


def means(changes: Changes) -> list[Mean]:
    """Of every method, over all pairs and for each."""
    return [
        mean_of(method, pair, by_image(changes, method, pair))
        for pair in names_of_pairs(changes)
        for method in methods_in(changes)
    ]


def mean_of(method: str, pair: str, values: Floats) -> Mean:
    """Of the images that have a number."""
    known = values[np.isfinite(values)]
    mean = float(known.mean()) if len(known) else float("nan")
    return Mean(method, pair, len(known), mean, *interval(known))


def lead(changes: Changes, pair: str) -> Lead:
    """Which method moves the log-odds of a pair furthest, image by image against the second."""
    ranked = sorted(
        (mean_of(method, pair, by_image(changes, method, pair)) for method in methods_in(changes)),
        key=lambda mean: -mean.mean,
    )
    first, second = ranked[0], ranked[1]
    ahead = by_image(changes, first.method, pair) - by_image(changes, second.method, pair)
    ahead = ahead[np.isfinite(ahead)]
    return Lead(first, second.method, float(ahead.mean()), *interval(ahead))


class Masked(NamedTuple):
    """An image (64,) and the pixels that each method erases, (64,) of True and False."""

    pair: Pair
    image: Floats
    gone: Mapping[str, np.ndarray]
    moved: Mapping[str, float]


def masked(
    model: Model, digits: Digits, changes: Changes, methods: Sequence[str] = METHODS, seed: int = 0
) -> list[Masked]:
    """For each pair of the paper the image that the methods move as far as the median one."""
    drawn = []
    for pair in SHOWN:
        question = question_of(model, digits, pair.origin, methods, seed)
        moved = np.mean([changes[method, pair] for method in methods], 0)
        row = int(np.argsort(moved, kind="stable")[np.isfinite(moved).sum() // 2])
        gone = {method: erased(question, method, [pair])[row, 0] for method in methods}
        image = question.sequences[row, 0].double().numpy()
        drawn.append(Masked(pair, image, gone, {name: float(changes[name, pair][row]) for name in methods}))
    return drawn
