"""Intervals and tests of means; each against a loop that anybody can read, or a textbook's numbers."""

import math
from itertools import product

import numpy as np
import pytest

from seqattr.support.resampling import (
    FEWEST,
    FLIPS,
    RESAMPLED,
    SMALLEST,
    interval,
    intervals,
    sign_flip_test,
    signs_p_value,
    single_case_test,
    student_quantile,
    student_tails,
)


def slow_interval(values):
    """Of (N,) numbers with gaps: columns are drawn again, and of each draw the mean of its numbers taken.

    Its percentiles are as far from the mean as the spread of n - 1 differences and Student's t have it.
    """
    stats = pytest.importorskip("scipy.stats")
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, len(values), (RESAMPLED, len(values)))
    means = []
    for row in drawn:
        known = [values[number] for number in row if math.isfinite(values[number])]
        if known:
            means.append(sum(known) / len(known))
    numbers = [value for value in values if math.isfinite(value)]
    n, mean = len(numbers), sum(numbers) / len(numbers)
    wider = stats.t.ppf(0.975, n - 1) / stats.norm.ppf(0.975) * math.sqrt(n / (n - 1))
    return tuple(mean + wider * (np.quantile(means, end) - mean) for end in (0.025, 0.975))


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


@pytest.mark.parametrize("number", [3, 5, 10, 20, 60])
def test_an_interval_covers_the_mean_about_as_often_as_it_says(number):
    """Of few numbers too, of which the percentiles alone cover it 75 to 90 times of 100."""
    rng = np.random.default_rng(3)
    low, high = intervals(rng.normal(size=(2000, number)))
    covered = ((low <= 0) & (high >= 0)).mean()
    assert 0.93 <= covered <= 0.97


@pytest.mark.parametrize("freedom", [1, 2, 9, 100, 101, 5000])
def test_quantiles_are_student_s(freedom):
    """Found by trying, and by a series for many degrees of freedom."""
    stats = pytest.importorskip("scipy.stats")
    assert student_quantile(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=1e-9)


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


def test_no_p_value_is_zero():
    """However far out: one that is less than any number is the smallest number."""
    assert single_case_test(np.ones(1), np.zeros((1, 5)))[0] == SMALLEST > 0
    assert signs_p_value(np.ones(10_000)) == SMALLEST


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
