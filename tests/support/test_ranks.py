"""Rank statistics against scipy, and the clustered test against what it must not be fooled by."""

import math

import numpy as np
import pytest
from scipy import stats

from seqattr.support.ranks import average_ranks, benjamini_hochberg, spearman

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
