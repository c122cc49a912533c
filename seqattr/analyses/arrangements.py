"""What two motifs do at every distance: arrays, a row for each arrangement, and the mean over all of them.

An interaction is on the scale of the target, before its final sigmoid: there, two that each give evidence of
their own add up. Behind the sigmoid, two of which each is enough come to less than their sum, and two of
which both are needed to more.
"""

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
SIGMOID = "sigmoid"


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
    """The mean interaction of a target on two strands, over all orders and distances, with its 95 % interval
    over backgrounds, and the mean changes by both and by each alone. `most` is what |a| + |b| comes to on the
    strands where the motifs do most.

    `probability` is the mean interaction of the target behind its sigmoid, with its interval; NaN of a target
    that has none. Of two motifs of which each is enough it is below 0, of two of which both are needed above.
    """

    target: str
    strand_a: str
    strand_b: str
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

    @property
    def share(self) -> float:
        """The interaction as a share of the most that the motifs do alone."""
        return self.interaction / self.most if self.most else float("nan")

    @property
    def counts(self) -> bool:
        """Whether it lies clear of 0, and is no small part of what the motifs do alone."""
        clear = self.low > 0 or self.high < 0
        return clear and not abs(self.share) < LEAST_SHARE


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

    def overall(self) -> list[Overall]:
        """For each target and pair of strands, over orders and distances."""
        return [
            Overall(name, STRANDS[a], STRANDS[b], self._most(target), *self._overall(target, a, b))
            for target, name in enumerate(self.targets)
            for a, b in np.ndindex(2, 2)
        ]

    def _most(self, target: int) -> float:
        """The mean changes by A and by B, in size and added, where they are largest."""
        a, b = (abs(array[target].mean((0, 3, 4))) for array in (self.a, self.b))
        return float((a + b).max())

    def _overall(self, target: int, a: int, b: int) -> tuple[float, ...]:
        changes = (float(array[target, :, a, b].mean()) for array in (self.both, self.a, self.b))
        scales = self.interaction[target], self.probabilities(target)
        means = (scale[:, a, b].mean((0, 1)) for scale in scales)  # (B,)
        bounds = ((float(each.mean()), *interval(each)) for each in means)
        return (*changes, *(number for some in bounds for number in some))


def sigmoid(logits: Numbers) -> Numbers:
    """By the hyperbolic tangent, which does not overflow."""
    return (1 + np.tanh(logits / 2)) / 2
