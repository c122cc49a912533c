"""Structural similarity and correlations against slow twins, and what they are where there is nothing."""

import math

import numpy as np
import pytest

from seqattr.evaluate.similarity import SIMILARITIES, by_number, by_rank, by_structure, compare


@pytest.fixture
def pair() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    one = rng.normal(size=(3, 30))
    return one, one + rng.normal(size=(3, 30))


def slow_structure(one: list[float], other: list[float]) -> float:
    """Wang et al. 2004, equations 13 to 17, window by window."""
    weights = [math.exp(-((place - 5) ** 2) / (2 * 1.5**2)) for place in range(11)]
    weights = [weight / sum(weights) for weight in weights]
    one, other = ([value / max(map(abs, row)) for value in row] for row in (one, other))
    found = []
    for start in range(len(one) - 10):
        x, y = one[start : start + 11], other[start : start + 11]
        mean_x = sum(w * a for w, a in zip(weights, x, strict=True))
        mean_y = sum(w * b for w, b in zip(weights, y, strict=True))
        var_x = sum(w * (a - mean_x) ** 2 for w, a in zip(weights, x, strict=True))
        var_y = sum(w * (b - mean_y) ** 2 for w, b in zip(weights, y, strict=True))
        cov = sum(w * (a - mean_x) * (b - mean_y) for w, a, b in zip(weights, x, y, strict=True))
        c1, c2 = (0.01 * 2) ** 2, (0.03 * 2) ** 2
        alike = (2 * mean_x * mean_y + c1) * (2 * cov + c2)
        found.append(alike / ((mean_x**2 + mean_y**2 + c1) * (var_x + var_y + c2)))
    return sum(found) / len(found)


def test_structure_is_that_of_the_paper(pair):
    one, other = pair
    slow = [slow_structure(list(a), list(b)) for a, b in zip(one, other, strict=True)]
    np.testing.assert_allclose(by_structure(one, other), slow, rtol=0, atol=1e-12)


def test_correlations_are_numpys_and_scipys(pair):
    stats = pytest.importorskip("scipy.stats")
    one, other = pair
    for number, (a, b) in enumerate(zip(one.round(1), other.round(1), strict=True)):
        assert by_number(one.round(1), other.round(1))[number] == pytest.approx(np.corrcoef(a, b)[0, 1])
        assert by_rank(one.round(1), other.round(1))[number] == pytest.approx(stats.spearmanr(a, b)[0])


@pytest.mark.parametrize("name", SIMILARITIES)
def test_an_explanation_is_like_itself_whatever_its_scale(name, pair):
    one, _ = pair
    np.testing.assert_allclose(SIMILARITIES[name][1](one, 3 * one), 1, rtol=0, atol=1e-12)


def test_nothing_is_left_of_what_has_become_nothing(pair):
    one, _ = pair
    zeros = np.zeros_like(one)
    for similarity in (by_rank, by_number):
        assert (similarity(one, zeros) == 0).all()
        assert np.isnan(similarity(zeros, one)).all()
    assert np.isnan(by_structure(one[:, :10], one[:, :10])).all()


def test_each_target_by_itself(pair):
    one, other = (np.stack([values, values[::-1]]) for values in pair)
    tables = compare(one, other)
    assert list(tables) == list(SIMILARITIES)
    for name, table in tables.items():
        np.testing.assert_array_equal(table[0], SIMILARITIES[name][1](*pair))
        np.testing.assert_array_equal(table[1], table[0][::-1])
