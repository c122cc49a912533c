"""Whether a run's explanations can be believed: how many do not add up, and how many only by cancelling."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seqattr.support.rounding import rounded

# Contributions that miss the difference by more than this share of it are not float32's usual rounding.
ADDITIVE = 1e-3
# Of four architectures, each by six methods against shuffles, no pair came above 2,500: a sum of absolute
# contributions some times the output, over a hundredth of it where there is next to no difference. What
# explodes begins at 1e5.
CANCELLING = 1e4
# Up to so many explanations that fail are told as theirs alone; more speak against the run.
FEW = 0.05


@dataclass(frozen=True)
class Additivity:
    """Of N explanations, each of a sequence for a target: the counts beyond a limit, and how far they go."""

    explanations: int
    missing: int  # miss their difference by more than ADDITIVE
    median_error: float
    worst_error: float
    cancelling: int  # of a cancellation above CANCELLING
    worst_cancellation: float

    @classmethod
    def of(
        cls, additivity_error: npt.NDArray[np.floating], cancellation: npt.NDArray[np.floating] | None
    ) -> "Additivity":
        """From the numbers of all explanations; the second are not in every file."""
        cancelled = np.zeros(1) if cancellation is None else cancellation
        return cls(
            additivity_error.size,
            int((additivity_error > ADDITIVE).sum()),
            float(np.median(additivity_error)),
            float(additivity_error.max()),
            int((cancelled > CANCELLING).sum()),
            float(cancelled.max()),
        )

    @property
    def additive(self) -> bool:
        """Whether all but a few add up."""
        return self.missing <= FEW * self.explanations

    @property
    def cancels(self) -> bool:
        """Whether more than a few add up only by cancelling."""
        return self.cancelling > FEW * self.explanations

    def misses(self) -> str:
        """How many miss their difference, and by how much."""
        return (
            f"{self.missing:,} of {self.explanations:,} explanations miss their difference by more than "
            f"{ADDITIVE:.1%} of it: by {rounded(self.worst_error)} at most, "
            f"{rounded(self.median_error)} in the median"
        )

    def cancellations(self) -> str:
        """How many add up only by cancelling, and how far."""
        return (
            f"{self.cancelling:,} of {self.explanations:,} explanations add up only by cancelling: their "
            f"contributions come to up to {rounded(self.worst_cancellation)} times what they explain"
        )


def together(verdicts: Sequence[Additivity]) -> Additivity:
    """Of several targets; the median is the largest of theirs."""
    return Additivity(
        sum(verdict.explanations for verdict in verdicts),
        sum(verdict.missing for verdict in verdicts),
        max(verdict.median_error for verdict in verdicts),
        max(verdict.worst_error for verdict in verdicts),
        sum(verdict.cancelling for verdict in verdicts),
        max(verdict.worst_cancellation for verdict in verdicts),
    )


def cure(dtype: str) -> str:
    """What settles whether contributions of a complete method that miss are rounded."""
    if dtype == "float64":
        return "in float64 that is not rounding, but a fault"
    return "scores of `precision=float64` settle it: what is rounding is gone there"
