"""Intervals and tests of means; each against a loop that anybody can read, or a textbook's numbers."""

import math
from itertools import product

import numpy as np
import pytest

from seqattr.support.resampling import (
    FEWEST,
    FLIPS,
    RESAMPLED,
    interval,
    intervals,
    sign_flip_test,
    signs_p_value,
    single_case_test,
    student_tails,
)


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


def test_an_interval_covers_the_mean_about_as_often_as_it_says():
    rng = np.random.default_rng(3)
    low, high = intervals(rng.normal(size=(400, 60)))
    covered = ((low <= 0) & (high >= 0)).mean()
    assert 0.90 <= covered <= 0.98


def test_signs() -> None:
    """Of n differences that are all alike, two of 2^n signs reach their sum."""
    assert np.isnan(sign_flip_test(np.ones(FEWEST - 1), 0))
    p = sign_flip_test(np.ones(6), 0)
    assert p == pytest.approx(2 / 2**6, abs=4 * (2 / 2**6 / FLIPS) ** 0.5)
    assert sign_flip_test(np.zeros(6), 0) == 1


@pytest.mark.parametrize("freedom", [1, 2, 3, 9, 10, 99])
def test_tails_are_student_s(freedom):
    """Near, far and very far out."""
    stats = pytest.importorskip("scipy.stats")
    t = np.array([0.0, 0.01, 0.7, 1.9, 3.3, 5.0, 12.0, 80.0, 1e4, np.inf])
    np.testing.assert_allclose(student_tails(t, freedom), 2 * stats.t.sf(t, freedom), rtol=1e-9)


def test_a_case_among_its_controls_is_called_as_often_as_it_says():
    """However exactly each is known: the case is drawn as the controls are."""
    rng = np.random.default_rng(0)
    p = single_case_test(rng.normal(size=4000), rng.normal(size=(4000, 10)))
    assert 0.04 < (p < 0.05).mean() < 0.06
    assert 0.005 < (p < 0.01).mean() < 0.015


def test_a_case_is_nothing_where_nothing_differs_and_untested_without_two_controls():
    np.testing.assert_array_equal(single_case_test(np.ones(2), np.ones((2, 5))), [1, 1])
    assert np.isnan(single_case_test(np.ones(2), np.ones((2, 1)))).all()
    assert single_case_test(np.ones(1), np.zeros((1, 5)))[0] == 0


def test_signs_are_all_tried_or_taken_for_normal():
    rng = np.random.default_rng(2)
    few = rng.normal(0.5, 1, 9)
    flipped = np.mean(
        np.array([abs(few) @ signs for signs in product([-1, 1], repeat=9)]) >= few.sum() - 1e-9
    )
    assert signs_p_value(few) == flipped
    assert signs_p_value(np.append(few, [0, 0])) == flipped
    assert signs_p_value(np.zeros(3)) == 1
    assert signs_p_value(np.ones(100)) == pytest.approx(math.erfc(10 / math.sqrt(2)) / 2)
    many = [signs_p_value(rng.normal(size=40)) for _ in range(2000)]
    assert np.mean(np.array(many) < 0.05) == pytest.approx(0.05, abs=0.015)
