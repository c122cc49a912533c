"""What two motifs do at every distance: arrays, a row for each arrangement, and the mean over all of them.

An interaction is on the scale of the target, before its final sigmoid: there, two that each give evidence of
their own add up. Behind the sigmoid, two of which each is enough come to less than their sum, and two of
which both are needed to more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from seqattr.analyses.insertions import STRANDS
from seqattr.motifs.pwm import PWM
from seqattr.support.ranks import benjamini_hochberg
from seqattr.support.resampling import interval, intervals, sign_flip_tests

Numbers = npt.NDArray[np.float64]
ORDERS = ("AB", "BA")
LEAST_SHARE = 0.1  # of what motifs do alone: trained networks never add up to the last digit
INTERACT, ADD_UP, UNKNOWN = VERDICTS = ("interact", "add up", "cannot be told")
LEAST_KNOWN = 0.5  # of what motifs do alone: where its interval goes lower it is no measure of a share
LEAST_LEFT = 0.5  # of what B does alone at its usual distance: where less is left it has come to an edge
SIGMOID = "sigmoid"


def verdict_of(interaction: float, low: float, high: float, most: float) -> str:
    """INTERACT: the interval lies clear of 0, and the interaction is no small part (LEAST_SHARE) of `most`,
    what is there without it. ADD_UP: the whole interval is such a small part. UNKNOWN: what is left.
    """
    small, clear = LEAST_SHARE * most, low > 0 or high < 0
    if clear and abs(interaction) >= small:
        return INTERACT
    return ADD_UP if farthest_of(low, high) <= small else UNKNOWN


def farthest_of(low: float, high: float) -> float:
    """How far from 0 an interval goes; infinitely where there is none."""
    size = max(-low, high)
    return size if size == size else float("inf")


class Arrangement(NamedTuple):
    """One target, order ("AB" or "BA" along the sequence), strands and distance: means over backgrounds.

    `both`, `a` and `b` are the changes by both motifs and by each alone, at the same places; `interaction` is
    what is left, with its 95 % interval. `p_value` is that of random signs of the backgrounds' interactions,
    `q_value` the false discovery rate over all rows.
    """

    target: str
    order: str
    strand_a: str
    strand_b: str
    distance: int
    both: float
    a: float
    b: float
    interaction: float
    low: float
    high: float
    p_value: float
    q_value: float


class Overall(NamedTuple):
    """The mean interaction of a target on two strands, over both orders and distances up to `reach`
    (`Spacing.reach`), with its 95 % interval over backgrounds, and the mean changes by both and by each
    alone. `most` is what |a| + |b| comes to on the strands where the motifs do most, `most_low` the lower end
    of its interval.

    `probability` is the mean interaction of the target behind its sigmoid, with its interval; NaN of a target
    that has none. Of two motifs of which each is enough it is below 0, of two of which both are needed above.
    """

    target: str
    strand_a: str
    strand_b: str
    reach: int
    most: float
    both: float
    a: float
    b: float
    interaction: float
    low: float
    high: float
    probability: float
    probability_low: float
    probability_high: float
    most_low: float = float("inf")

    @property
    def has_share(self) -> bool:
        """Whether what the motifs do alone is known so well (LEAST_KNOWN) that there is a share of it."""
        return self.most > 0 and self.most_low >= LEAST_KNOWN * self.most

    @property
    def share(self) -> float:
        """The interaction as a share of the most that the motifs do alone; NaN where that is hardly known."""
        return self.interaction / self.most if self.has_share else float("nan")

    @property
    def shares(self) -> tuple[float, float]:
        """The bounds of the interval as such shares."""
        return (self.low / self.most, self.high / self.most) if self.has_share else (float("nan"),) * 2

    @property
    def farthest(self) -> float:
        """How far from 0 the interval goes; infinitely where there is none."""
        return farthest_of(self.low, self.high)

    @property
    def verdict(self) -> str:
        """Of the interaction beside what the motifs do alone; where that is hardly known, none is small."""
        verdict = verdict_of(self.interaction, self.low, self.high, self.most)
        return UNKNOWN if verdict == ADD_UP and self.most and not self.has_share else verdict

    @property
    def counts(self) -> bool:
        """Whether the motifs interact."""
        return self.verdict == INTERACT


def decisive(rows: Sequence[Overall]) -> Overall:
    """Of the pairs of strands of one target that which decides: with the largest interaction, if any is one;
    else that whose interval goes farthest from 0, so that all add up if it does.
    """
    return max(rows, key=lambda row: (row.counts, abs(row.interaction) if row.counts else row.farthest))


@dataclass(frozen=True, eq=False)
class Spacing:
    """Motifs A and B at D distances in B backgrounds, for T targets, in the targets' units.

    `both`, `a` and `b` (T, 2, 2, 2, D, B) are target(with) - target(neither) in the orders AB and BA, for A
    on strands + and -, for B on + and -; `without` (T, B) are the backgrounds' own values.
    `finals` are the nonlinearities behind the targets, "" for none.
    """

    targets: tuple[str, ...]
    motifs: tuple[PWM, PWM]
    distances: tuple[int, ...]
    both: Numbers
    a: Numbers
    b: Numbers
    without: Numbers
    finals: tuple[str, ...]
    notes: tuple[str, ...] = ()
    seed: int = 0

    def __repr__(self) -> str:
        a, b = (motif.name for motif in self.motifs)
        return f"<Spacing: {a} and {b} at {len(self.distances)} distances, {len(self.targets)} targets>"

    @property
    def interaction(self) -> Numbers:
        """Of each background, (T, 2, 2, 2, D, B): what both change less what each changes alone."""
        return self.both - self.a - self.b

    def table(self) -> list[Arrangement]:
        """A row for each target, order, strands and distance."""
        shape, size = self.both.shape[:-1], self.both.shape[-1]
        values = self.interaction.reshape(-1, size)
        p = sign_flip_tests(values, self.seed)
        means = (array.mean(-1).ravel() for array in (self.both, self.a, self.b))
        numbers = zip(*means, values.mean(1), *intervals(values), p, benjamini_hochberg(p), strict=True)
        cells = zip(np.ndindex(shape), numbers, strict=True)
        return [Arrangement(*self._cell(*cell), *map(float, row)) for cell, row in cells]

    def _cell(self, target: int, order: int, a: int, b: int, distance: int) -> tuple[str, str, str, str, int]:
        strands = STRANDS[a], STRANDS[b]
        return self.targets[target], ORDERS[order], *strands, self.distances[distance]

    def probabilities(self, target: int) -> Numbers:
        """The interaction of one target behind its sigmoid, (2, 2, 2, D, B); NaN where it has none."""
        if self.finals[target] != SIGMOID:
            return np.full(self.both.shape[1:], np.nan)
        none = self.without[target]
        both, a, b = (sigmoid(none + array[target]) for array in (self.both, self.a, self.b))
        return both - a - b + sigmoid(none)

    def reach(self, target: int) -> int:
        """The largest distance at which B alone still does, in either order, at least LEAST_LEFT of what it
        does at the median distance, on the strand on which it does most: beyond it lies at an edge of what
        the target looks at. The largest of all where B does nothing for sure.
        """
        strand = int(abs(self.b[target].mean((0, 1, 3, 4))).argmax())
        effects = self.b[target][:, :, strand]  # (orders, strands of A, D, B)
        low, high = interval(effects.mean((0, 1, 2)))
        if not (low > 0 or high < 0):
            return max(self.distances)
        by_distance = effects.mean(3)
        usual = np.median(by_distance)
        holds = (by_distance * np.sign(usual) >= LEAST_LEFT * abs(usual)).all((0, 1))
        return int(max(np.array(self.distances)[holds], default=max(self.distances)))

    def overall(self) -> list[Overall]:
        """For each target and pair of strands, over both orders and the distances that are within reach."""
        return [row for target in range(len(self.targets)) for row in self._overall(target)]

    def _overall(self, target: int) -> list[Overall]:
        reach = self.reach(target)
        near = np.array(self.distances) <= reach
        arrays = (self.both[target], self.a[target], self.b[target], self.probabilities(target))
        both, a, b, probability = (array[..., near, :].mean((0, 3)) for array in arrays)  # (2, 2, B)
        means = [array.mean(2) for array in (both, a, b)]
        sums = np.sign(means[1])[..., None] * a + np.sign(means[2])[..., None] * b  # (2, 2, B)
        strands = np.unravel_index(sums.mean(2).argmax(), (2, 2))  # where the motifs do most
        most, most_low, _ = mean_and_bounds(sums[strands])
        return [
            Overall(
                *(self.targets[target], STRANDS[one], STRANDS[other], reach, most),
                *(float(means[0][one, other]), float(means[1][one, other]), float(means[2][one, other])),
                *mean_and_bounds((both - a - b)[one, other]),
                *mean_and_bounds(probability[one, other]),
                most_low,
            )
            for one, other in np.ndindex(2, 2)
        ]


def mean_and_bounds(values: Numbers) -> tuple[float, float, float]:
    """Of numbers (B,), with the interval that comes of drawing them again."""
    return float(values.mean()), *interval(values)


def sigmoid(logits: Numbers) -> Numbers:
    """By the hyperbolic tangent, which does not overflow."""
    return (1 + np.tanh(logits / 2)) / 2
