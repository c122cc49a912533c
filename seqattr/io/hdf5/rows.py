"""A dataset of an open file read through something: some of its rows, or all with zeros for some."""

from collections.abc import Sequence
from typing import Any, Protocol

import h5py
import numpy as np
import numpy.typing as npt


class Column(Protocol):
    """Values (N, ...) that are read as they are sliced: a dataset of HDF5, or some rows of one."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> np.dtype[Any]: ...

    @property
    def chunks(self) -> tuple[int, ...] | None: ...

    def __len__(self) -> int: ...

    def __getitem__(self, where: Any, /) -> Any: ...


class SomeRows:
    """Rows of a dataset, by their numbers in ascending order, as if there were no others."""

    def __init__(self, stored: h5py.Dataset, rows: npt.NDArray[np.intp]) -> None:
        self._stored, self._rows = stored, rows
        self.shape: tuple[int, ...] = (len(rows), *stored.shape[1:])
        self.dtype: np.dtype[Any] = stored.dtype
        self.chunks: tuple[int, ...] | None = stored.chunks

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, where: Any, /) -> Any:
        row, *rest = where if isinstance(where, tuple) else (where,)
        some = self._rows[row]
        if not some.ndim:
            return self._stored[(int(some), *rest)]
        return np.concatenate([self._stored[(run, *rest)] for run in runs_of(some)])


class ZerosInRows:
    """A dataset with zeros in some rows (N,) for what is stored there."""

    def __init__(self, stored: Column, rows: npt.NDArray[np.bool_]) -> None:
        self._stored, self._rows = stored, rows
        self.shape = stored.shape

    def __getitem__(self, rows: slice, /) -> Any:
        values = self._stored[rows]
        values[self._rows[rows]] = 0
        return values


def runs_of(rows: npt.NDArray[np.intp]) -> Sequence[slice]:
    """Ascending numbers as slices of neighbours, which HDF5 reads much faster than single rows."""
    runs = np.split(rows, np.flatnonzero(np.diff(rows) != 1) + 1)
    return [slice(int(run[0]), int(run[-1]) + 1) for run in runs if len(run)] or [slice(0)]
