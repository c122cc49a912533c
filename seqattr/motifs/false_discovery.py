"""The threshold of a false discovery rate (FDR), of numbers that come a block at a time.

Of a first pass only counts are kept, by the numbers' leading bits, which are in the order of the numbers.
They say between which two edges the threshold lies; a second pass brings the few numbers in there.
"""

from typing import NamedTuple

import numpy as np

_SHIFT = 44  # leaves the exponent and 8 bits of the fraction: edges 0.4 % apart
_BINS = 1 << (63 - _SHIFT)


class Histogram:
    """How many numbers, none of them negative, begin with each pattern of bits (bins 0.4 % wide)."""

    def __init__(self) -> None:
        self.counts = np.zeros(_BINS, np.int64)

    def add(self, values: np.ndarray) -> None:
        """Count some more."""
        bits = (np.ascontiguousarray(values, np.float64).view(np.int64) >> _SHIFT).ravel()
        if bits.size > _BINS // 64:
            self.counts += np.bincount(bits, minlength=_BINS)
        else:  # few at a time, very often: without going over all bins
            np.add.at(self.counts, bits, 1)


class Bracket(NamedTuple):
    """Numbers from `low` on and less than `high`; how many of those seen, and by chance, are above them."""

    low: float
    high: float
    seen_above: int
    chance_above: int
    chance_within: int

    def within(self, values: np.ndarray) -> np.ndarray:
        """Those of some values that are in here."""
        inside: np.ndarray = values[(values >= self.low) & (values < self.high)]
        return inside


def bracket_threshold(seen: Histogram, chance: Histogram, rounds: int, level: float) -> Bracket | None:
    """Between which numbers the threshold lies; None where no number is large enough.

    It is the least number seen at which (by chance + 1) / rounds / seen, of as many as reach it, is at most
    `level`; `chance` holds that many rounds.
    """
    upto_seen, upto_chance = (
        np.append(counts[::-1].cumsum()[::-1], 0) for counts in (seen.counts, chance.counts)
    )
    present = seen.counts > 0
    present[0] = False  # nothing but 0
    # Of the least number with these bits the rate is at most this, and of none less than that.
    ranks = np.maximum(upto_seen[:-1], 1)
    most = (upto_chance[:-1] + 1) / rounds / ranks
    least = (upto_chance[1:] + 1) / rounds / ranks
    possible, sure = np.flatnonzero(present & (least <= level)), np.flatnonzero(present & (most <= level))
    if not len(possible):
        return None
    first, last = int(possible[0]), int(sure[0]) if len(sure) else _BINS - 1
    seen_above, chance_above = int(upto_seen[last + 1]), int(upto_chance[last + 1])
    within = int(upto_chance[first]) - chance_above
    return Bracket(_edge(first), _edge(last + 1), seen_above, chance_above, within)


def _edge(number: int) -> float:
    """The least number with these leading bits; infinity for those that no number has."""
    return float(np.int64(number << _SHIFT).view(np.float64)) if number < _BINS else np.inf


def exact_threshold(
    bracket: Bracket, seen: np.ndarray, chance: np.ndarray, rounds: int, level: float
) -> float:
    """The threshold, from all numbers in the bracket; infinite where none is large enough."""
    seen = np.sort(seen)[::-1]
    reached = len(chance) - np.searchsorted(np.sort(chance), seen, side="left")
    ranks = np.arange(bracket.seen_above + 1, bracket.seen_above + len(seen) + 1)
    rate = (bracket.chance_above + reached + 1) / rounds / ranks
    good = np.flatnonzero(rate <= level)
    return float(seen[good[-1]]) if len(good) else np.inf
