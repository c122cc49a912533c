"""Summaries: means, intervals over sequences, seeds told apart."""

import math

import numpy as np
import pytest

from seqattr.evaluate.measured import Measured, summarise
from seqattr.support.resampling import interval


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


def test_nothing_measured_is_no_summary():
    assert summarise("m", []) == []
    (row,) = summarise("m", [Measured("x", "t", np.full(3, np.nan))])
    assert row.sequences == 0
    assert math.isnan(row.mean)


def test_an_interval_ends_where_its_metric_does():
    """The mean 0.985 of two shares is known to some hundredths at best, and yet no share is above 1."""
    values = np.array([0.97, 1.0])
    (share,) = summarise("gradient", [Measured("beats-random", "0", values)])
    assert (share.mean, share.high) == (pytest.approx(0.985), 1)
    assert share.low < 0.9
    (free,) = summarise("gradient", [Measured("area", "0", values)])
    assert free.low == share.low
    assert free.high > 1
