"""Rank statistics against scipy, and the clustered test against what it must not be fooled by."""

import math

import numpy as np
import pytest
from scipy import stats

from seqattr.support.ranks import average_ranks, benjamini_hochberg, clustered_rank_sum, spearman

WITH_TIES = np.random.default_rng(0).integers(0, 6, size=(2, 40)).astype(float)
WITHOUT = np.random.default_rng(1).normal(size=(2, 40))


@pytest.mark.parametrize("values", [WITH_TIES[0], WITHOUT[0], np.ones(5), np.array([2.0]), np.empty(0)])
def test_ranks_are_scipys(values):
    np.testing.assert_array_equal(average_ranks(values), stats.rankdata(values))


@pytest.mark.parametrize("pair", [WITH_TIES, WITHOUT, np.stack([WITHOUT[0], WITHOUT[0] ** 3])])
def test_the_correlation_is_scipys(pair):
    assert spearman(*pair) == pytest.approx(stats.spearmanr(*pair).statistic, abs=1e-12)


@pytest.mark.parametrize(
    "pair", [(np.ones(4), np.arange(4.0)), (np.empty(0), np.empty(0)), (np.ones(1), np.ones(1))]
)
def test_without_two_values_there_is_no_correlation(pair):
    assert math.isnan(spearman(*pair))


def test_q_values_are_scipys():
    p = np.random.default_rng(0).random(30) ** 3
    np.testing.assert_allclose(benjamini_hochberg(p), stats.false_discovery_control(p), atol=1e-12)


def test_no_test_counts_for_none():
    p = np.array([0.01, math.nan, 0.04])
    np.testing.assert_allclose(benjamini_hochberg(p), [0.02, math.nan, 0.04])
    assert benjamini_hochberg(np.empty(0)).shape == (0,)


def two_groups(rng: np.random.Generator, clusters: int, shift: float, shared: float) -> float:
    """The p-value where three values a cluster and group share noise of that cluster and that group."""
    values = rng.normal(size=(clusters, 2, 3)) + shared * rng.normal(size=(clusters, 2, 1))
    values[:, 0] += shift
    signs = np.broadcast_to(np.array([1.0, -1.0])[:, None], values.shape)
    numbers = np.broadcast_to(np.arange(clusters)[:, None, None], values.shape)
    return clustered_rank_sum(values.ravel(), signs.ravel(), np.ones(values.size), numbers.ravel())


@pytest.mark.parametrize("shared", [0, 3])
def test_p_values_are_uniform_if_nothing_tells_the_groups_apart(shared):
    rng = np.random.default_rng(0)
    p = np.array([two_groups(rng, 60, 0, shared) for _ in range(1000)])
    # The standard error of a share of 1,000 at 0.05 is 0.007; four times that is allowed.
    assert abs((p < 0.05).mean() - 0.05) < 0.028
    assert abs(p.mean() - 0.5) < 0.04


def test_a_shift_is_found_about_as_surely_as_by_mann_and_whitney():
    rng = np.random.default_rng(0)
    values = rng.normal(size=400) + np.repeat([0.3, 0], 200)
    signs = np.repeat([1.0, -1.0], 200)
    p = clustered_rank_sum(values, signs, np.ones(400), np.tile(np.arange(200), 2))
    usual = stats.mannwhitneyu(values[:200], values[200:]).pvalue
    # z's of about 4, and between pairs of independent values the same but for chance
    assert stats.norm.isf(p / 2) == pytest.approx(stats.norm.isf(usual / 2), rel=0.15)


def test_a_weight_of_0_takes_a_value_out_of_the_sum():
    values, signs, clusters = np.arange(6.0), np.array([1, -1, 1, -1, 1, -1.0]), np.array([0, 0, 1, 1, 2, 2])
    weights = np.array([1, 1, 1, 1, 0, 0])
    d = np.array([-2.5 + 1.5, -0.5 - 0.5])
    expected = math.erfc(abs(d.sum()) / math.sqrt(d @ d) / math.sqrt(2))
    assert clustered_rank_sum(values, signs, weights, clusters) == pytest.approx(expected)


def test_equal_groups_have_a_p_value_of_1():
    assert clustered_rank_sum(np.ones(4), np.array([1, 1, -1, -1]), np.ones(4), np.arange(4)) == 1
