"""Contributions files read: whole, or a part at a time. Nobody else needs to know how they are laid out."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from seqattr.dna.places import Places
from seqattr.dna.regions import Region
from seqattr.errors import InputError
from seqattr.io.hdf5.layout import (
    ADDITIVITY_ERROR,
    CANCELLATION,
    COLUMNS,
    DIFFERENCE,
    ERRORS,
    FORWARD,
    HYPOTHETICAL,
    ONE_HOT,
    PLACES,
    PROJECTED,
    REGIONS,
    check_layout,
    place_name,
)
from seqattr.io.hdf5.rows import Column, SomeRows, ZerosInRows
from seqattr.io.reading import reading
from seqattr.support.memory import check_room
from seqattr.support.packed import Numbering, Texts


@dataclass(frozen=True)
class Contributions:
    """A contributions file in memory: N sequences of L bases.

    `contributions` are those on observed bases: at an N, which has none, they are 0, as are their errors.
    """

    one_hot: npt.NDArray[np.int8]  # (N, 4, L)
    hypothetical: npt.NDArray[np.float32]  # (N, 4, L)
    contributions: npt.NDArray[np.float32]  # (N, L)
    regions: list[Region]
    difference: npt.NDArray[np.float64]  # (N,)
    additivity_error: npt.NDArray[np.float64]  # (N,)
    attributes: dict[str, Any]
    standard_error: npt.NDArray[np.float32] | None = None  # (N, L), of a method that estimates
    forward: bool = False  # whether all rows lie as the genome's forward strand
    cancellation: npt.NDArray[np.float64] | None = None  # (N,), not in files of other makers

    @property
    def places(self) -> list[Region]:
        """Where the rows lie, with the strand that they are on."""
        return as_they_lie(self.regions, self.forward)

    @property
    def has_values(self) -> npt.NDArray[np.bool_]:
        """Which sequences (N,) have values; all numbers of the others are NaN."""
        return values_are_there(self.difference)


class StoredContributions:
    """An open contributions file of N sequences of L bases; datasets are read as they are sliced.

    With `rows`, numbers in ascending order, it is as if the file held no others.
    """

    def __init__(self, file: h5py.File, rows: npt.NDArray[np.intp] | None = None) -> None:
        self._file, self._rows = file, rows

    def __len__(self) -> int:
        return int(self.one_hot.shape[0])

    @property
    def length(self) -> int:
        """L"""
        return int(self.one_hot.shape[2])

    @cached_property
    def has_values(self) -> npt.NDArray[np.bool_]:
        """Which sequences (N,) have values; all numbers of the others are NaN."""
        return values_are_there(self._numbers(DIFFERENCE))

    def only(self, which: npt.NDArray[np.bool_]) -> "StoredContributions":
        """The same file as if it held these of its sequences (N,) alone."""
        numbers = np.arange(len(self)) if self._rows is None else self._rows
        return self if which.all() else StoredContributions(self._file, numbers[which])

    @property
    def one_hot(self) -> Column:
        """(N, 4, L) int8"""
        return self._column(ONE_HOT)

    @property
    def hypothetical(self) -> Column:
        """(N, 4, L) hypothetical contributions"""
        return self._column(HYPOTHETICAL)

    @property
    def hypothetical_or_zeros(self) -> ZerosInRows:
        """The same, to be read by the slice, with zeros for sequences that have no values."""
        return ZerosInRows(self.hypothetical, ~self.has_values)

    def contributions(
        self, rows: slice | int, bases: slice = slice(None), dtype: type[np.floating] = np.float32
    ) -> npt.NDArray[Any]:
        """Contributions (B, l) of some rows, or (l,) of one, on some of their bases."""
        projected = self._column(PROJECTED)[rows, :, bases]
        return np.asarray(projected.sum(axis=-2, dtype=dtype))

    @cached_property
    def names(self) -> list[str]:
        """Of the sequences."""
        return self._places("name")

    @property
    def forward(self) -> bool:
        """Whether all rows lie as the genome's forward strand."""
        return bool(self._file[REGIONS].attrs.get(FORWARD, False))

    @property
    def regions(self) -> list[Region]:
        """Where the rows lie, with the strand that was read."""
        return [Region(*fields) for fields in zip(*map(self._places, PLACES), strict=True)]

    @property
    def places(self) -> list[Region]:
        """Where the rows lie, with the strand that they are on."""
        return as_they_lie(self.regions, self.forward)

    @property
    def minus(self) -> npt.NDArray[np.bool_]:
        """Which rows (N,) were read as the strand '-'."""
        return np.array(self._places("strand")) == "-"

    @property
    def places_in_columns(self) -> Places:
        """The same as `places`, in a tenth of the memory."""
        chroms = Numbering()
        chrom = np.array([chroms.number(name) for name in self._places("chrom")], np.int32)
        start, end = (np.array(self._places(field), np.int64) for field in ("start", "end"))
        minus = np.zeros(len(chrom), bool) if self.forward else self.minus
        return Places(chroms.texts(), chrom, start, end, Texts.of(self._places("name")), minus)

    @property
    def additivity_error(self) -> npt.NDArray[np.float64]:
        """(N,)"""
        return self._numbers(ADDITIVITY_ERROR)

    @property
    def cancellation(self) -> npt.NDArray[np.float64] | None:
        """(N,); None in a file of other makers."""
        return self._numbers(CANCELLATION) if CANCELLATION in self._file else None

    def _column(self, name: str) -> Column:
        stored = self._file[name]
        return stored if self._rows is None else SomeRows(stored, self._rows)

    def _numbers(self, name: str) -> npt.NDArray[Any]:
        return np.asarray(self._column(name)[:])

    def _places(self, field: str) -> list[Any]:
        """One of PLACES, of all rows."""
        stored = self._file[place_name(field)]
        values = (stored.asstr() if PLACES[field] is str else stored)[:]
        return list((values if self._rows is None else values[self._rows]).tolist())

    def read(self, path: Path | str) -> Contributions:
        """All of it; the path is for messages. Raises InputError where there is no memory for it."""
        file = self._file
        check_room(path, sum(file[name].nbytes for name in COLUMNS))
        one_hot, hypothetical, projected = map(self._numbers, COLUMNS)
        return Contributions(
            one_hot=one_hot,
            hypothetical=hypothetical.astype(np.float32),
            contributions=projected.sum(axis=1, dtype=np.float32),
            regions=self.regions,
            difference=self._numbers(DIFFERENCE),
            additivity_error=self.additivity_error,
            attributes={name: _value(stored) for name, stored in file.attrs.items()},
            standard_error=self._numbers(ERRORS).astype(np.float32) if ERRORS in file else None,
            forward=self.forward,
            cancellation=self.cancellation,
        )


def values_are_there(difference: npt.NDArray[np.floating]) -> npt.NDArray[np.bool_]:
    """Which sequences (N,) have values, from their differences.

    Where the model or the method answers with NaN or infinity, all numbers of a sequence are NaN.
    """
    return ~np.isnan(difference)


def as_they_lie(regions: list[Region], forward: bool) -> list[Region]:
    """The regions with the strand that rows are on: the forward one where all of them lie so."""
    return [replace(region, strand="+") for region in regions] if forward else regions


@contextmanager
def open_contributions(path: Path | str) -> Iterator[StoredContributions]:
    """Open a contributions file for reading a part at a time; raises InputError where it is none."""
    with reading(path, "HDF5"):
        pass
    try:
        with h5py.File(path, "r", locking=False) as file:
            check_layout(path, file)
            yield StoredContributions(file)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path} is no whole HDF5 file: {str(error).splitlines()[0]}; score again"
        ) from error


def read_contributions(path: Path | str) -> Contributions:
    """Read a contributions file whole; raises InputError where it is none."""
    with open_contributions(path) as file:
        return file.read(path)


def _value(stored: Any) -> Any:
    if isinstance(stored, np.bytes_):
        with suppress(ValueError):
            return json.loads(stored)
    return stored.item() if isinstance(stored, np.generic) else stored
