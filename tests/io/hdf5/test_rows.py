"""Some rows of a file read as if there were no others, and rows without values."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from seqattr.io.hdf5.layout import ADDITIVITY_ERROR, CANCELLATION
from seqattr.io.hdf5.rows import SomeRows, ZerosInRows, runs_of
from seqattr.io.hdf5.stored import open_contributions, read_contributions
from tests.helpers.contributions import write_contributions
from tests.io.hdf5.test_contributions import random_rows, regions_of

N, FAILED = 11, (2, 3, 9)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file in which some rows have no values."""
    rows = random_rows(N)
    numbers = {**rows.numbers, CANCELLATION: rows.numbers[ADDITIVITY_ERROR] + 1}
    rows = rows._replace(standard_error=abs(rows.contributions), numbers=numbers)
    for values in (rows.hypothetical, rows.contributions, rows.standard_error, *numbers.values()):
        values[list(FAILED)] = np.nan
    write_contributions(tmp_path / "a.h5", rows, regions_of(N))
    return tmp_path / "a.h5"


@pytest.mark.parametrize(
    "where",
    [slice(None), slice(1, 4), slice(0, 0), 0, 4, np.s_[2:5, :, 3:9], np.s_[3, :2, 5], np.s_[0:0, 1]],
)
def test_some_rows_are_read_as_numpy_has_them(tmp_path, where):
    values = np.random.default_rng(0).normal(size=(9, 4, 12))
    numbers = np.array([0, 2, 3, 5, 8])
    with h5py.File(tmp_path / "a.h5", "w") as file:
        some = SomeRows(file.create_dataset("x", data=values, chunks=(2, 4, 12)), numbers)
        assert (len(some), some.shape, some.dtype, some.chunks) == (5, (5, 4, 12), np.float64, (2, 4, 12))
        np.testing.assert_array_equal(some[where], values[numbers][where])


def test_neighbours_are_read_together():
    assert runs_of(np.array([0, 1, 2, 5, 7, 8])) == [slice(0, 3), slice(5, 6), slice(7, 9)]
    assert runs_of(np.array([], np.intp)) == [slice(0)]


def test_zeros_stand_where_there_are_no_values(path):
    values = np.arange(24.0).reshape(6, 4)
    rows = np.array([False, True, False, False, True, False])
    expected = np.where(rows[:, None], 0, values)
    filled = ZerosInRows(values.copy(), rows)
    assert filled.shape == (6, 4)
    np.testing.assert_array_equal(filled[1:5], expected[1:5])
    with open_contributions(path) as file:
        hypothetical = file.hypothetical_or_zeros[:]
    assert np.isfinite(hypothetical).all()
    assert not hypothetical[list(FAILED)].any()
    whole = read_contributions(path)
    np.testing.assert_array_equal(hypothetical[whole.has_values], whole.hypothetical[whole.has_values])


def test_a_file_says_which_sequences_have_values(path):
    expected = ~np.isin(np.arange(N), FAILED)
    np.testing.assert_array_equal(read_contributions(path).has_values, expected)
    with open_contributions(path) as file:
        np.testing.assert_array_equal(file.has_values, expected)
        assert file.only(np.ones(N, bool)) is file


def test_a_file_can_be_read_as_if_it_held_some_rows_alone(path):
    whole = read_contributions(path)
    keep = whole.has_values.copy()
    keep[0] = False
    with open_contributions(path) as file:
        some = file.only(file.has_values).only(np.arange(8) > 0)
        assert (len(some), some.length, some.forward) == (7, 30, file.forward)
        assert some.names == [region.name for region, kept in zip(whole.regions, keep, strict=True) if kept]
        np.testing.assert_array_equal(some.contributions(slice(2, 4)), whole.contributions[keep][2:4])
        np.testing.assert_array_equal(some.contributions(1, slice(3, 9)), whole.contributions[keep][1, 3:9])
        part = some.read(path)
    assert part.regions == [region for region, kept in zip(whole.regions, keep, strict=True) if kept]
    for name in ("one_hot", "hypothetical", "contributions", "difference", "additivity_error"):
        np.testing.assert_array_equal(getattr(part, name), getattr(whole, name)[keep])
    for name in ("standard_error", "cancellation"):
        np.testing.assert_array_equal(getattr(part, name), getattr(whole, name)[keep])
