"""Thresholds from numbers that come a block at a time: those of all numbers at once, to the last digit."""

import numpy as np
import pytest

from seqattr.motifs.false_discovery import Histogram, bracket_threshold, exact_threshold


def at_once(seen: np.ndarray, chance: np.ndarray, rounds: int, level: float) -> float:
    """The definition: the least number at which the rate is at most the level."""
    rates = {
        each: ((chance >= each).sum() + 1) / rounds / (seen >= each).sum()
        for each in np.unique(seen[seen > 0])
    }
    return min((each for each, rate in rates.items() if rate <= level), default=np.inf)


def by_block(seen: np.ndarray, chance: np.ndarray, rounds: int, level: float) -> float:
    tallies = Histogram(), Histogram()
    for tally, values in zip(tallies, (seen, chance), strict=True):
        for block in np.array_split(values, 7):
            tally.add(block)
    between = bracket_threshold(*tallies, rounds, level)
    if between is None:
        return np.inf
    assert between.chance_within == len(between.within(chance))
    return exact_threshold(between, between.within(seen), between.within(chance), rounds, level)


@pytest.mark.parametrize("level", [0.01, 0.05, 0.3, 1.0])
@pytest.mark.parametrize("carrying", [0, 5, 300])
@pytest.mark.parametrize("digits", [1, 15])
def test_the_threshold_is_that_of_all_numbers_at_once(level, carrying, digits):
    for seed in range(5):
        rng = np.random.default_rng(seed)
        seen, chance = abs(rng.normal(size=700)), abs(rng.normal(size=1400))
        seen[:carrying] += rng.exponential(4, carrying)
        seen, chance = np.round(seen, digits), np.round(chance, digits)  # also with ties
        assert by_block(seen, chance, 2, level) == at_once(seen, chance, 2, level)


def test_zeros_and_no_numbers_at_all_have_no_threshold():
    assert by_block(np.zeros(50), np.zeros(50), 1, 1.0) == np.inf
    assert by_block(np.empty(0), np.empty(0), 1, 1.0) == np.inf
    assert by_block(np.full(30, 1e300), np.zeros(30), 1, 0.05) == 1e300
