"""Distances between hits of two motifs: counted as a loop counts them, and seen where they were planted."""

from collections import Counter

import numpy as np
import pytest

from seqattr.motifs.distances import FARTHEST, Spots, distances, pair_distances

LENGTH = 150


def scattered(seed: int, count: int = 600, rows: int = 250, name: str = "a") -> Spots:
    rng = np.random.default_rng(seed)
    return Spots(
        name, np.sort(rng.integers(0, rows, count)), rng.integers(8, LENGTH - 8, count).astype(float), 10
    )


def slowly(one: Spots, other: Spots, partners: dict[int, int]) -> list[float]:
    """Every hit of a row with every one of its partner row; of one motif in one row each pair once."""
    return [
        abs(one.middle[i] - other.middle[j])
        for i in range(len(one.row))
        for j in range(len(other.row))
        if partners.get(int(one.row[i])) == other.row[j]
        and (one is not other or one.row[i] != other.row[j] or i < j)
    ]


@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize("shuffled", [False, True])
def test_distances_are_those_of_a_loop(alone, shuffled):
    one = scattered(1, 60, 25)
    other = one if alone else scattered(2, 70, 25)
    rows = np.intersect1d(one.row, other.row)
    partners = np.roll(rows, 1) if shuffled else rows
    expected = slowly(one, other, dict(zip(rows.tolist(), partners.tolist(), strict=True)))
    assert Counter(distances(one, other, rows, partners).tolist()) == Counter(expected)
    assert len(expected) > 50


def test_what_is_planted_at_one_distance_is_seen_there():
    one, other = scattered(3, name="a"), scattered(4, name="b")
    middle = other.middle.copy()
    for number in range(0, len(one.row), 4):
        partners = np.flatnonzero(other.row == one.row[number])[:1]
        middle[partners] = one.middle[number] + 31
    found = pair_distances(one, other._replace(middle=middle), LENGTH)
    first, end = found.peak_bases
    assert first <= 31 < end
    assert found.p_value < 0.01
    assert found.observed[found.peak] > 2 * found.high[found.peak]
    assert found.names == ("a", "b")


def test_what_is_scattered_stays_in_the_band():
    tests = [pair_distances(scattered(seed), scattered(seed + 100), LENGTH) for seed in range(20)]
    assert sum(found.p_value < 0.05 for found in tests) <= 3
    outside = [(found.observed < found.low) | (found.observed > found.high) for found in tests]
    assert 0.01 < np.mean(outside) < 0.12
    for found in tests:
        assert found.observed.sum() == found.pairs
        assert found.edges[-1] >= min(LENGTH, FARTHEST)


def test_hits_of_one_motif_that_are_scattered_are_not_taken_for_more():
    rows = np.repeat(np.arange(300), 2)
    tests = []
    for seed in range(40):
        one = Spots("a", rows, np.random.default_rng(seed).uniform(8, LENGTH - 8, len(rows)), 10)
        tests.append(pair_distances(one, one, LENGTH, seed))
    assert sum(found.p_value < 0.05 for found in tests) <= 6
    outside = [(found.observed < found.low) | (found.observed > found.high) for found in tests]
    assert 0.01 < np.mean(outside) < 0.12


def test_the_other_strand_has_the_same_distances():
    one, other = scattered(5), scattered(6)
    turned = [each._replace(middle=LENGTH - 1 - each.middle) for each in (one, other)]
    here, there = pair_distances(one, other, LENGTH), pair_distances(*turned, LENGTH)
    np.testing.assert_array_equal(here.observed, there.observed)
    np.testing.assert_allclose(here.high, there.high)
    assert here.p_value == there.p_value


def test_few_pairs_tell_nothing():
    assert pair_distances(scattered(1, 20), scattered(2, 20), LENGTH) is None
    nothing = Spots("n", np.empty(0, int), np.empty(0), 0)
    assert pair_distances(nothing, nothing, LENGTH) is None
