"""Rows of contributions as HDF5's compressed chunks, made without HDF5, on as many threads as there are.

A chunk is what HDF5's own filters make of it: the first byte of all numbers, then the second ..., deflated
(https://docs.hdfgroup.org/hdf5/v1_14/group___h5_z.html). What comes out is a function of the rows alone.
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from seqattr.errors import OutputError
from seqattr.io.deflate import deflate_planes
from seqattr.io.hdf5.layout import (
    CANCELLATION,
    COLUMNS,
    ERRORS,
    HYPOTHETICAL,
    NUMBERS,
    ONE_HOT,
    PROJECTED,
    Layout,
)

DATASETS = (*COLUMNS, ERRORS)
_BASES = np.arange(4, dtype=np.uint8)[:, None]
_ROUNDED = (
    2.0**-8
)  # of a sequence's largest value: what float16 may round it by, 2**-11 where it has all its digits
_HEAD = struct.Struct("<5q")  # the first row, rows, datasets, chunks, columns of numbers


class BlockRows(NamedTuple):
    """What is written for B sequences, forward on the genome, each at its place among the L bases of a row.

    `sequences` are base codes (B, L) uint8, 0 to 3 and anything else where there is no base, or one-hot
    (B, 4, L) int8. `numbers` are columns (B,): those of NUMBERS, and CANCELLATION where it is known.
    """

    sequences: npt.NDArray[np.integer]
    hypothetical: npt.NDArray[np.floating]  # (B, 4, L), 0 in the padding
    contributions: npt.NDArray[np.floating]  # (B, L)
    numbers: Mapping[str, npt.NDArray[np.floating]]
    standard_error: npt.NDArray[np.floating] | None = None  # (B, L)

    def some(self, rows: slice) -> "BlockRows":
        """Some of them."""
        errors = None if self.standard_error is None else self.standard_error[rows]
        numbers = {name: column[rows] for name, column in self.numbers.items()}
        return BlockRows(
            self.sequences[rows], self.hypothetical[rows], self.contributions[rows], numbers, errors
        )


class EncodedChunk(NamedTuple):
    """A chunk of a dataset: where it begins, and its bytes in the file."""

    dataset: str
    row: int
    base: int
    data: bytes | memoryview


@dataclass(frozen=True)
class EncodedBlock:
    """The rows [first, first + count) of a file: their chunks but those of zeros, and numbers (count,)."""

    first: int
    count: int
    datasets: tuple[str, ...]  # also those of which all is 0
    chunks: list[EncodedChunk]
    numbers: dict[str, npt.NDArray[np.float64]]

    def to_bytes(self) -> bytes:
        """The block as bytes, the same for the same block."""
        return b"".join(self.parts())

    def parts(self) -> list[bytes | memoryview]:
        """Those bytes in parts, to be written one after the other."""
        known = [name for name in (*NUMBERS, CANCELLATION) if name in self.numbers]
        places = [(DATASETS.index(c.dataset), c.row, c.base, len(c.data)) for c in self.chunks]
        head = _HEAD.pack(self.first, self.count, len(self.datasets), len(places), len(known))
        numbers = (self.numbers[name].astype("<f8").tobytes() for name in known)
        table = np.array(places, "<i8").tobytes()
        return [head, *numbers, table, *(chunk.data for chunk in self.chunks)]

    @classmethod
    def from_bytes(cls, data: bytes | memoryview) -> "EncodedBlock":
        """The block of these bytes, whose chunks are views of them."""
        view = memoryview(data)
        first, count, datasets, chunks, known = _HEAD.unpack_from(view)
        columns = np.frombuffer(view, "<f8", known * count, _HEAD.size).reshape(known, count)
        start = _HEAD.size + columns.nbytes
        table = np.frombuffer(view, "<i8", 4 * chunks, start).reshape(-1, 4)
        ends = start + table.nbytes + np.cumsum(table[:, 3])
        pieces = [
            EncodedChunk(DATASETS[dataset], row, base, view[end - size : end])
            for (dataset, row, base, size), end in zip(table.tolist(), ends.tolist(), strict=True)
        ]
        numbers = dict(zip((*NUMBERS, CANCELLATION), columns, strict=False))
        return cls(first, count, DATASETS[:datasets], pieces, numbers)


def encode_block(
    path: Path | str,
    layout: Layout,
    first: int,
    rows: BlockRows,
    map: Callable[..., Any] = map,
) -> EncodedBlock:
    """The rows from `first` on, a multiple of the layout's `chunk_rows`, as far as whole chunks or the end.

    `map` may be that of an executor: what comes out is the same. Raises OutputError naming the path for rows
    of another shape, and with float16 for a value too large for it, or a sequence whose values are so small
    that it rounds them by much of the largest.
    """
    count = len(rows.contributions)
    _check_shapes(path, layout, count, rows)
    last = first + count
    if first % layout.chunk_rows or not (last == layout.n or last % layout.chunk_rows == 0) or not count:
        raise OutputError(f"cannot write {path}: rows {first} to {last} are no whole chunks")
    names = COLUMNS if rows.standard_error is None else DATASETS
    tasks = [(name, start) for start in range(0, count, layout.chunk_rows) for name in names]
    pieces = map(partial(_encode_task, path, layout, first, rows), tasks)
    numbers = {name: np.asarray(column, np.float64) for name, column in rows.numbers.items()}
    return EncodedBlock(first, count, names, [chunk for some in pieces for chunk in some], numbers)


def _encode_task(
    path: Path | str, layout: Layout, first: int, rows: BlockRows, task: tuple[str, int]
) -> list[EncodedChunk]:
    """The chunks of one dataset for the rows that share them, from `start` on in the block."""
    name, start = task
    part = rows.some(slice(start, start + layout.chunk_rows))
    values = _values(path, layout, name, part)
    chunks = []
    for base in range(0, layout.length, layout.chunk_bases):
        bases = slice(base, base + layout.chunk_bases)
        planes = _planes(layout, name, part.sequences[..., bases], values[..., bases])
        if planes.max():
            chunks.append(
                EncodedChunk(name, first + start, base, deflate_planes(planes.reshape(len(planes), -1)))
            )
    return chunks


def _values(path: Path | str, layout: Layout, name: str, rows: BlockRows) -> npt.NDArray[Any]:
    """The numbers of a dataset in the file's type; of PROJECTED the one on each base (B, L)."""
    if name == ONE_HOT:
        return rows.sequences
    if name == ERRORS:
        errors = np.asarray(rows.standard_error)
        return np.where(_is_base(rows.sequences), errors, 0).astype(np.float32, copy=False)
    values = rows.hypothetical
    if name == PROJECTED:
        values = rows.contributions
        if layout.dtype == "float16":
            values = np.where(_is_base(rows.sequences), values, 0)
    return _in_file_type(path, layout.dtype_of(name), values)


def _planes(
    layout: Layout, name: str, sequences: npt.NDArray[Any], values: npt.NDArray[Any]
) -> npt.NDArray[np.uint8]:
    """A whole chunk (bytes of a number, rows, ..., bases) as the filter has it, 0 behind the file's end."""
    shape = layout.chunks_of(name)
    if name in (HYPOTHETICAL, ERRORS):
        return _shuffled(values, shape)
    rows, bases = sequences.shape[0], sequences.shape[-1]
    size = layout.dtype_of(name).itemsize
    full = (rows, bases) == (shape[0], shape[-1])
    planes = (np.empty if full else np.zeros)((size, *shape), np.uint8)
    inside = planes[:, :rows, :, :bases]
    one_hot = _one_hot(sequences)
    if name == ONE_HOT:
        inside[0] = one_hot
    else:
        contributions = _shuffled(values, (rows, bases))[:, :, None]
        np.bitwise_and(contributions, np.negative(one_hot != 0, dtype=np.uint8), out=inside)
    return planes


def _shuffled(values: npt.NDArray[Any], shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    """The first byte of all numbers, then the second ..., in an array (bytes, *shape), 0 behind them."""
    size = values.dtype.itemsize
    planes = (np.empty if values.shape == shape else np.zeros)((size, *shape), np.uint8)
    inside = planes[(slice(None), *map(slice, values.shape))]
    for number, plane in enumerate(inside):
        plane[...] = values.view(np.uint8)[..., number::size]
    return planes


def _one_hot(sequences: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Base codes as (B, 4, L), or one-hot as it is."""
    codes = sequences.ndim == 2
    return (sequences[:, None] == _BASES).view(np.uint8) if codes else sequences.view(np.uint8)


def _is_base(sequences: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Where there is a base (B, L)."""
    return np.asarray(sequences < len(_BASES) if sequences.ndim == 2 else sequences.any(axis=1))


def _in_file_type(path: Path | str, dtype: np.dtype[Any], values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The values in the file's type, unless float16 would lose them."""
    if dtype != np.float16:
        return np.ascontiguousarray(values, dtype)
    with np.errstate(over="ignore"):
        half = np.ascontiguousarray(values, dtype)
    if (np.isinf(half) & np.isfinite(values)).any():
        raise _too_narrow(path, "overflows")
    axes = tuple(range(1, values.ndim))
    if (values.any(axis=axes) & ~half.any(axis=axes)).any():
        raise _too_narrow(path, "turns all of a sequence's contributions to 0")
    largest = np.abs(values).max(axis=axes, initial=0)
    rounded = np.abs(half - values).max(axis=axes, initial=0)
    if (rounded > _ROUNDED * largest).any():
        row = int(np.nanargmax(rounded / np.where(largest > 0, largest, 1)))
        share = rounded[row] / largest[row]
        raise _too_narrow(path, f"rounds values by {share:.1%} of a sequence's largest, {largest[row]:.1g}")
    return half


def _too_narrow(path: Path | str, what: str) -> OutputError:
    return OutputError(f"cannot write {path}: float16 {what}; use float32")


def _check_shapes(path: Path | str, layout: Layout, count: int, rows: BlockRows) -> None:
    square, line = (count, 4, layout.length), (count, layout.length)
    given = [
        ("sequences", rows.sequences, square if rows.sequences.ndim == 3 else line),
        ("hypothetical", rows.hypothetical, square),
        ("contributions", rows.contributions, line),
        ("standard_error", rows.standard_error, line),
        *((name, column, (count,)) for name, column in rows.numbers.items()),
    ]
    for name, values, shape in given:
        if values is not None and values.shape != shape:
            raise OutputError(f"cannot write {path}: {name} has the shape {values.shape}, not {shape}")
