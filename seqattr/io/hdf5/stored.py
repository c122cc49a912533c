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
from seqattr.io.reading import reading
from seqattr.support.memory import check_room


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


class StoredContributions:
    """An open contributions file of N sequences of L bases; datasets are read as they are sliced."""

    def __init__(self, file: h5py.File) -> None:
        self._file = file

    def __len__(self) -> int:
        return int(self.one_hot.shape[0])

    @property
    def length(self) -> int:
        """L"""
        return int(self.one_hot.shape[2])

    @property
    def one_hot(self) -> h5py.Dataset:
        """(N, 4, L) int8"""
        return self._file[ONE_HOT]

    @property
    def hypothetical(self) -> h5py.Dataset:
        """(N, 4, L) hypothetical contributions"""
        return self._file[HYPOTHETICAL]

    def contributions(
        self, rows: slice | int, bases: slice = slice(None), dtype: type[np.floating] = np.float32
    ) -> npt.NDArray[Any]:
        """Contributions (B, l) of some rows, or (l,) of one, on some of their bases."""
        projected = self._file[PROJECTED][rows, :, bases]
        return np.asarray(projected.sum(axis=-2, dtype=dtype))

    @cached_property
    def names(self) -> list[str]:
        """Of the sequences."""
        return list(self._file[place_name("name")].asstr()[:].tolist())

    @property
    def forward(self) -> bool:
        """Whether all rows lie as the genome's forward strand."""
        return bool(self._file[REGIONS].attrs.get(FORWARD, False))

    @property
    def regions(self) -> list[Region]:
        """Where the rows lie, with the strand that was read."""
        columns = []
        for field, kind in PLACES.items():
            stored = self._file[place_name(field)]
            columns.append((stored.asstr() if kind is str else stored)[:].tolist())
        return [Region(*fields) for fields in zip(*columns, strict=True)]

    @property
    def places(self) -> list[Region]:
        """Where the rows lie, with the strand that they are on."""
        return as_they_lie(self.regions, self.forward)

    @property
    def additivity_error(self) -> npt.NDArray[np.float64]:
        """(N,)"""
        return np.asarray(self._file[ADDITIVITY_ERROR][:])

    @property
    def cancellation(self) -> npt.NDArray[np.float64] | None:
        """(N,); None in a file of other makers."""
        return np.asarray(self._file[CANCELLATION][:]) if CANCELLATION in self._file else None

    def read(self, path: Path | str) -> Contributions:
        """All of it; the path is for messages. Raises InputError where there is no memory for it."""
        file = self._file
        check_room(path, sum(file[name].nbytes for name in COLUMNS))
        one_hot, hypothetical, projected = (file[name][:] for name in COLUMNS)
        return Contributions(
            one_hot=one_hot,
            hypothetical=hypothetical.astype(np.float32),
            contributions=projected.sum(axis=1, dtype=np.float32),
            regions=self.regions,
            difference=file[DIFFERENCE][:],
            additivity_error=self.additivity_error,
            attributes={name: _value(stored) for name, stored in file.attrs.items()},
            standard_error=file[ERRORS][:].astype(np.float32) if ERRORS in file else None,
            forward=self.forward,
            cancellation=self.cancellation,
        )


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
