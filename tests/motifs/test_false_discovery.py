"""Thresholds from numbers that come a block at a time: those of all numbers at once, to the last digit."""

import numpy as np
import pytest

from seqattr.motifs.false_discovery import Bracket, Histogram, bracket_threshold, exact_threshold


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


@pytest.mark.parametrize(
    ("chance", "level", "bracket"),
    [
        # Of four numbers 2: by chance none or one above, (0 + 1) / 4 and (1 + 1) / 4.
        ([2.0], 0.5, (2, 2 + 2 / 256, 0, 0, 1)),  # sure, at the level exactly
        ([2.0, 2.0], 0.5, (2, np.inf, 0, 0, 2)),  # possible, as far as the first pass tells
        ([2.0, 2.0], 0.25, (2, np.inf, 0, 0, 2)),
        ([3.0], 0.5, (2, 2 + 2 / 256, 0, 1, 0)),
        ([], 0.2, None),  # not even one in four
    ],
)
def test_the_bracket_by_hand(chance, level, bracket):
    tallies = Histogram(), Histogram()
    for tally, values in zip(tallies, (np.full(4, 2.0), np.array(chance)), strict=True):
        tally.add(values)
    assert bracket_threshold(*tallies, 1, level) == bracket


def test_the_lower_edge_is_in_a_bracket_and_the_upper_is_not():
    bracket = Bracket(2.0, 2 + 2 / 256, 1, 0, 1)
    values = np.array([1.9, 2.0, 2.007, 2 + 2 / 256, 3.0])
    assert bracket.within(values).tolist() == [2.0, 2.007]
