"""Where a metric's mean over targets lies, by sequences and by seeds: what judgements hold to a limit."""

from collections.abc import Sequence
from math import isfinite, nan, sqrt
from statistics import fmean, stdev
from typing import NamedTuple

from seqattr.evaluate.measured import Summary


class Bounds(NamedTuple):
    """The mean, and an interval that allows for both other sequences and other draws."""

    mean: float
    low: float
    high: float

    def above(self, limit: float) -> bool:
        """Clearly."""
        return self.low > limit

    def below(self, limit: float) -> bool:
        """Clearly."""
        return self.high < limit

    def beyond(self, limit: float) -> bool:
        """Clearly, in either direction."""
        return self.low > limit or self.high < -limit

    def within(self, limit: float) -> bool:
        """Clearly, in either direction."""
        return -limit < self.low and self.high < limit

    def __str__(self) -> str:
        return f"{self.mean:.2f} [{self.low:.2f}, {self.high:.2f}]"


def bounds_of(rows: Sequence[Summary]) -> Bounds:
    """Of summaries of one metric at one place: for each target one of each seed, and one of all where there
    are several.

    Targets share sequences, so the ends of their intervals are averaged as their means are. The interval is
    widened to two standard errors of the mean over seeds where that is more. NaN where there is nothing.
    """
    known = [row for row in rows if isfinite(row.mean)]
    whole = [row for row in known if row.seed is None] or known
    if not whole:
        return Bounds(nan, nan, nan)
    mean, low, high = (fmean(getattr(row, side) for row in whole) for side in ("mean", "low", "high"))
    around = between_seeds(known)
    return Bounds(mean, fmin(low, mean - around), fmax(high, mean + around))


def between_seeds(rows: Sequence[Summary]) -> float:
    """Two standard errors of the mean over seeds, of the means over targets; NaN of one seed."""
    means: dict[int, list[float]] = {}
    for row in rows:
        if row.seed is not None:
            means.setdefault(row.seed, []).append(row.mean)
    each = [fmean(values) for values in means.values()]
    return 2 * stdev(each) / sqrt(len(each)) if len(each) > 1 else nan


def fmin(one: float, other: float) -> float:
    """The smaller of those that are numbers."""
    return min((value for value in (one, other) if isfinite(value)), default=nan)


def fmax(one: float, other: float) -> float:
    """The larger of those that are numbers."""
    return -fmin(-one, -other)
