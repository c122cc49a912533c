"""Large arrays with a row for each sequence as HDF5, written a few rows at a time."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import h5py
import numpy as np
import numpy.typing as npt

from seqattr.io.atomic import uninterrupted
from seqattr.io.new_hdf5 import new_file

_CHUNK_NUMBERS = 1 << 17


class ArrayWriter:
    """Context manager that writes float32 arrays, a row for each of these names, and the names themselves.

    `shapes` gives each array's shape without its rows. Nothing is compressed: gzip would save a seventh of
    attention weights, and take longer than all the rest. The file takes its name only when the block ends
    well. Raises OutputError for what the operating system refuses.
    """

    def __init__(self, path: Path | str, names: Sequence[str], shapes: Mapping[str, Sequence[int]]) -> None:
        self._path, self._names, self._shapes = path, names, shapes
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._file, self._sink = self._stack.enter_context(new_file(self._path))
        try:
            self._lay_out()
        except BaseException as error:
            self.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._stack:
            if error is not None:
                raise error

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
