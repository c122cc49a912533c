"""Large arrays with a row for each sequence as HDF5, written a few rows at a time."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from seqattr.io.atomic import uninterrupted
from seqattr.io.hdf5.new_file import FileWriter

_CHUNK_NUMBERS = 1 << 17


class ArrayWriter(FileWriter):
    """Context manager that writes float32 arrays, a row for each of these names, and the names themselves.

    `shapes` gives each array's shape without its rows. Nothing is compressed: gzip would save a seventh of
    attention weights, and take longer than all the rest. The file takes its name only when the block ends
    well. Raises OutputError for what the operating system refuses.
    """

    def __init__(self, path: Path | str, names: Sequence[str], shapes: Mapping[str, Sequence[int]]) -> None:
        super().__init__(path)
        self._names, self._shapes = names, shapes

    @uninterrupted()
    def _lay_out(self) -> None:
        self._file.create_dataset("sequence", data=list(self._names), dtype=h5py.string_dtype())
        for name, shape in self._shapes.items():
            whole = (len(self._names), *shape)
            self._file.create_dataset(name, whole, np.float32, chunks=chunk_of(whole))
        self._sink.check()

    @uninterrupted()
    def write(self, first: int, arrays: Mapping[str, npt.NDArray[np.floating]]) -> None:
        """Rows `first` and following of each array."""
        for name, rows in arrays.items():
            self._file[name][first : first + len(rows)] = rows
        self._sink.check()

    @uninterrupted()
    def add(self, name: str, values: npt.NDArray[Any]) -> None:
        """A small array beside these, whole."""
        self._file[name] = values
        self._sink.check()

    @uninterrupted()
    def describe(self, name: str, **attributes: str) -> None:
        """Attributes of one array."""
        self._file[name].attrs.update(attributes)
        self._sink.check()


def chunk_of(shape: Sequence[int]) -> tuple[int, ...]:
    """Whole rows as far as they fit into a chunk, else a part of one."""
    left, chunk = _CHUNK_NUMBERS, []
    for size in reversed(shape):
        chunk.append(max(1, min(size, left)))
        left //= chunk[-1]
    return tuple(reversed(chunk))
