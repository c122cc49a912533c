"""Windows of contributions by hand: which of them count, how rows are turned, and what is permuted."""

import numpy as np
import pytest

from seqattr.motifs.windows import (
    WindowCounts,
    count_windows,
    orient_rows,
    permuted_sums,
    window_mask,
    window_sums,
)

KNOWN = np.array([[True, True, True, True, True], [False, True, True, True, False]])


def test_windows_count_where_all_is_known_and_their_start_is_in_the_row():
    whole = [[True, True, True, True], [False, True, True, False]]
    assert window_mask(KNOWN, 2, None).tolist() == whole
    starts = np.array([[1, 3], [1, 2]])  # from the first on, and before the second
    assert window_mask(KNOWN, 2, starts).tolist() == [[False, True, True, False], [False, True, False, False]]


@pytest.mark.parametrize("rows", [1, 2])
def test_windows_and_bases_are_counted_block_by_block(rows):
    starts = np.array([[1, 3], [3, 3]])  # no window of the second row counts, and so no base
    blocks = [KNOWN[:1], KNOWN[1:]] if rows == 1 else [KNOWN]
    assert count_windows(blocks, 2) == WindowCounts(6, 8)
    assert count_windows(blocks, 2, starts) == WindowCounts(2, 5)


@pytest.mark.parametrize(("windows", "rounds"), [(0, 100_000), (3, 33_334), (100_000, 1), (10**6, 1)])
def test_few_windows_are_permuted_often(windows, rounds):
    assert WindowCounts(windows, 1).rounds == rounds


def test_generators_go_on_where_the_one_before_ends():
    first, second = WindowCounts(50_000, 3).generators(seed=4)
    together = np.random.Generator(np.random.PCG64(4)).random(6)
    np.testing.assert_array_equal([*first.random(3), *second.random(3)], together)


def test_rows_begin_with_their_first_base_in_the_direction_of_the_lesser():
    values = np.array([[1.0, 2, 3, 4], [9, 9, 5, 6], [4, 3, 2, 1], [9, 7, 5, 9]])
    known = np.array([[1, 1, 1, 1], [0, 0, 1, 1], [1, 1, 1, 1], [0, 1, 1, 0]], bool)
    rows = orient_rows(values, known, window_mask(known, 2, None))
    assert rows.values.tolist() == [[1, 2, 3, 4], [5, 6, 0, 0], [1, 2, 3, 4], [5, 7, 0, 0]]
    assert rows.known.sum(axis=1).tolist() == [4, 2, 4, 2]
    assert rows.counting.tolist() == [[True] * 3, [True, False, False]] * 2
    assert rows.backwards.tolist() == [False, False, True, True]
    starts = rows.start_in_row(np.array([0, 1, 2, 3]), np.array([1, 0, 0, 0]), 2)
    assert starts.tolist() == [1, 2, 2, 1]


def test_permuted_sums_are_of_the_same_bases():
    """A row of two bases between N's has one window, with their sum in any order; the other row is of 2s."""
    known = np.array([[False, True, True, False], [True] * 4])
    rows = orient_rows(np.array([[5.0, 1, 2, 5], [2, 2, 2, 2]]), known, window_mask(known, 2, None))
    (sums,) = permuted_sums(rows, 2, [np.random.default_rng(0)])
    assert sums.tolist() == [3, 4, 4, 4]
    assert window_sums(np.array([[1.0, 2, 4]]), 2).tolist() == [[3, 6]]
