"""The highest columns of rows, kept apart."""

import numpy as np
import pytest

from seqattr.motifs.peaks import Peaks, highest_peaks


def rows_of(peaks: Peaks) -> list[tuple]:
    return list(zip(*(column.tolist() for column in peaks), strict=True))


def test_peaks_by_hand() -> None:
    values = np.array([[5.0, 9.0, 8.0, 1.0, 7.0, 0.0], [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]])
    found = highest_peaks(values, 2, reach=2)
    assert rows_of(found) == [(0, 1, 9.0), (0, 4, 7.0), (1, 5, 5.0), (1, 2, 2.0)]


@pytest.mark.parametrize("width", [1, 4, 7, 16])
def test_peaks_are_the_highest_that_are_far_enough_apart(width: int) -> None:
    values = np.random.default_rng(1).normal(size=(20, 60))
    found = highest_peaks(values, 5, reach=width // 2)
    for index, row in enumerate(values):
        kept: list[int] = []
        for start in np.argsort(-row):
            if len(kept) < 5 and all(abs(start - other) > width / 2 for other in kept):
                kept.append(int(start))
        mine = found.row == index
        assert found.column[mine].tolist() == kept
        np.testing.assert_array_equal(found.value[mine], row[kept])


def test_peaks_may_be_fewer() -> None:
    assert len(highest_peaks(np.zeros((2, 5)), 5, reach=10).row) == 2
    assert len(highest_peaks(np.zeros((2, 5)), 0, reach=10).row) == 0


def test_peaks_of_minus_infinity_are_passed_over() -> None:
    values = np.full((2, 9), -np.inf)
    values[1, 8] = 1.5
    assert rows_of(highest_peaks(values, 3, reach=2)) == [(1, 8, 1.5)]


def test_of_equal_values_the_first_is_taken() -> None:
    assert highest_peaks(np.array([[1.0, 2.0, 2.0, 2.0, 2.0]]), 2, reach=1).column.tolist() == [1, 3]


def test_values_are_left_as_they_were() -> None:
    values = np.zeros((1, 5))
    highest_peaks(values, 3, reach=1)
    assert np.isfinite(values).all()
