"""Summaries: means, intervals over sequences, seeds told apart; each against a loop that anybody can read."""

import math

import numpy as np
import pytest

from seqattr.evaluate.measured import RESAMPLED, Measured, interval, intervals, summarise


def slow_interval(values):
    """Of (N,) numbers with gaps: columns are drawn again, and of each draw the mean of its numbers taken."""
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, len(values), (RESAMPLED, len(values)))
    means = []
    for row in drawn:
        known = [values[number] for number in row if math.isfinite(values[number])]
        if known:
            means.append(sum(known) / len(known))
    return np.quantile(means, 0.025), np.quantile(means, 0.975)


@pytest.mark.parametrize("gaps", [0, 3, 7])
def test_intervals_are_those_of_the_loop(gaps):
    values = np.random.default_rng(1).normal(size=(2, 9))
    values[1, :gaps] = np.nan
    low, high = intervals(values)
    for row, one, other in zip(values, low, high, strict=True):
        np.testing.assert_allclose((one, other), slow_interval(row), rtol=1e-12)


def test_an_interval_of_one_number_or_none_is_none():
    assert all(map(math.isnan, interval(np.array([1.0, np.nan]))))
    assert all(map(math.isnan, interval(np.full(3, np.nan))))
    assert all(map(math.isnan, interval(np.zeros(0))))


def test_seeds_are_told_apart_and_summed_up():
    values = {0: np.array([1.0, 2, np.nan]), 1: np.array([3.0, np.nan, np.nan])}
    first, second, both = summarise(
        "m", [Measured("x", "t", row, "s", 2.0, seed) for seed, row in values.items()]
    )
    assert (first.seed, second.seed, both.seed) == (0, 1, None)
    assert (first.mean, second.mean, both.mean) == (1.5, 3.0, 2.0)  # of sequences 2 and 2
    assert (first.sequences, second.sequences, both.sequences) == (2, 1, 2)
    assert math.isnan(first.between)
    np.testing.assert_allclose(both.between, np.std([1.5, 3.0], ddof=1))
    np.testing.assert_allclose(first.spread, np.std([1, 2], ddof=1))


def test_without_seeds_there_is_one_summary_of_each_point():
    rows = [Measured("x", "t", np.arange(4.0), step, at) for at, step in enumerate("abc")]
    summaries = summarise("m", rows)
    assert [(row.step, row.at, row.seed) for row in summaries] == [
        ("a", 0, None),
        ("b", 1, None),
        ("c", 2, None),
    ]
    assert {(row.low, row.high) for row in summaries} == {interval(np.arange(4.0))}


def test_an_interval_covers_the_mean_about_as_often_as_it_says():
    rng = np.random.default_rng(3)
    low, high = intervals(rng.normal(size=(400, 60)))
    covered = ((low <= 0) & (high >= 0)).mean()
    assert 0.90 <= covered <= 0.98


def test_nothing_measured_is_no_summary():
    assert summarise("m", []) == []
    (row,) = summarise("m", [Measured("x", "t", np.full(3, np.nan))])
    assert row.sequences == 0
    assert math.isnan(row.mean)
