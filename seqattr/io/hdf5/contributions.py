"""Contributions as HDF5 in ChromBPNet's layout, written a batch of rows at a time.

raw/seq (N, 4, L) int8 one-hot · shap/seq (N, 4, L) hypothetical contributions · projected_shap/seq
(N, 4, L) contributions on the observed bases · regions/{chrom,start,end,name,strand} (N) · difference,
additivity_error and, where it is told, cancellation (N) · standard_error (N, L) of those contributions, where
the method estimates them · the run's settings as attributes.

Where the group `regions` says so (its attribute `forward`), base p of row i is base start + p of the genome,
and the strand tells only how the model read it; else a row on strand '-' runs backwards.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import h5py
import numpy as np
import numpy.typing as npt

from seqattr.dna.regions import Region
from seqattr.errors import OutputError
from seqattr.io.atomic import uninterrupted
from seqattr.io.hdf5.layout import (
    CANCELLATION,
    COLUMNS,
    ERRORS,
    FORWARD,
    NUMBERS,
    ONE_HOT,
    PLACES,
    REGIONS,
    place_name,
)
from seqattr.io.hdf5.new_file import FileWriter

_CHUNK_BYTES = 1 << 19
_CHUNK_BASES = 1 << 15
_LEAST_CHUNK = 64
_ROUNDED = (
    2.0**-8
)  # of a sequence's largest value: what float16 may round it by, 2**-11 where it has all its digits


class Rows(NamedTuple):
    """What is written for B sequences of L bases; the names are DESIGN's nouns."""

    one_hot: npt.NDArray[np.int8]  # (B, 4, L)
    hypothetical: npt.NDArray[np.floating]  # (B, 4, L)
    contributions: npt.NDArray[np.floating]  # (B, L)
    difference: npt.NDArray[np.floating]  # (B,)
    additivity_error: npt.NDArray[np.floating]  # (B,)
    standard_error: npt.NDArray[np.floating] | None = None  # (B, L)
    cancellation: npt.NDArray[np.floating] | None = None  # (B,)


class ContributionWriter(FileWriter):
    """Context manager that writes a contributions file of n sequences of `length` bases a batch at a time.

    The file takes its name only when the block ends well and all rows and regions have been written. Where
    most sequences are shorter than the longest one, `typical` is a length that many of them have. With
    dtype "float16" a value too large for it, or a sequence whose values are so small that it rounds them by
    much of the largest, raises OutputError, as does anything the operating system refuses.
    """

    def __init__(
        self,
        path: Path | str,
        n: int,
        length: int,
        attributes: Mapping[str, Any] | None = None,
        dtype: Literal["float32", "float16"] = "float32",
        typical: int | None = None,
    ) -> None:
        if n < 1 or length < 1:
            raise OutputError(f"cannot write {path}: there are no contributions to write ({n} x {length})")
        super().__init__(path)
        self._shape = (n, 4, length)
        self._attributes = dict(attributes or {})
        self._dtype = np.dtype(dtype)
        self._chunk_bases = min(length, _CHUNK_BASES, max(typical or length, _LEAST_CHUNK))
        self._missing = np.ones(n, dtype=bool)
        self._has_regions = False

    @uninterrupted()
    def write(self, at: slice | npt.NDArray[np.integer], rows: Rows, left: int = 0) -> None:
        """Write the rows of the sequences `at` (a slice, or their B numbers, each once).

        Rows of fewer bases than the file's stand behind `left` bases of padding, which is 0 on either side.
        """
        numbers = np.arange(self._shape[0])[at]
        bases = slice(left, left + rows.contributions.shape[-1])
        self._check_shapes(len(numbers), rows, bases)
        order = np.argsort(numbers)
        where = _as_slice(numbers[order])
        projected = rows.contributions[:, None, :] * rows.one_hot
        for name, values in zip(COLUMNS, (rows.one_hot, rows.hypothetical, projected), strict=True):
            self._file[name][where, :, bases] = self._in_file_type(name, values)[order]
        for name in NUMBERS:
            self._file[name][where] = getattr(rows, name)[order]
        if rows.cancellation is not None:
            column = self._file.require_dataset(CANCELLATION, self._shape[:1], np.float64)
            column[where] = rows.cancellation[order]
        if rows.standard_error is not None:
            if ERRORS not in self._file:
                self._create(ERRORS, (self._shape[0], self._shape[2]), np.dtype(np.float32))
            self._file[ERRORS][where, bases] = (rows.standard_error * rows.one_hot.sum(axis=1))[order]
        self._missing[numbers] = False
        self._sink.check()

    @uninterrupted()
    def write_regions(self, regions: Sequence[Region], forward: bool = False) -> None:
        """Write the places of all n sequences, in their order.

        With `forward`, all rows lie as the genome's forward strand, and strands tell how the model read them.
        """
        if len(regions) != self._shape[0]:
            raise OutputError(
                f"cannot write {self._path}: {len(regions)} regions for {self._shape[0]} sequences"
            )
        for field in PLACES:
            self._file[place_name(field)][:] = [getattr(region, field) for region in regions]
        self._file[REGIONS].attrs[FORWARD] = forward
        self._has_regions = True
        self._sink.check()

    @uninterrupted()
    def _lay_out(self) -> None:
        n = self._shape[0]
        for name in COLUMNS:
            self._create(name, self._shape, np.dtype(np.int8) if name == ONE_HOT else self._dtype)
        for name in NUMBERS:
            self._file.create_dataset(name, shape=(n,), dtype=np.float64)
        for field, kind in PLACES.items():
            dtype = h5py.string_dtype() if kind is str else np.int64
            self._file.create_dataset(place_name(field), shape=(n,), dtype=dtype)
        for name, value in self._attributes.items():
            self._file.attrs[name] = _attribute(value)

    def _create(self, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        """A dataset of some values for each base of each sequence, in chunks of whole sequences at best.

        Chunks that are never written, of padding alone, take neither time nor room.
        """
        n, channels, _ = self._shape
        bases = self._chunk_bases
        rows = max(1, min(n, _CHUNK_BYTES // (channels * bases * self._dtype.itemsize)))
        self._file.create_dataset(
            name,
            shape=shape,
            dtype=dtype,
            chunks=(rows, *shape[1:-1], bases),
            compression="gzip",
            compression_opts=1,
            shuffle=True,
        )

    def _in_file_type(self, name: str, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The values in the file's type, unless float16 would lose them."""
        if name == ONE_HOT or self._dtype != np.float16:
            return values
        with np.errstate(over="ignore"):
            half = values.astype(np.float16)
        if (np.isinf(half) & np.isfinite(values)).any():
            raise self._too_narrow("overflows")
        if (values.any(axis=(1, 2)) & ~half.any(axis=(1, 2))).any():
            raise self._too_narrow("turns all of a sequence's contributions to 0")
        largest = np.abs(values).max(axis=(1, 2), initial=0)
        rounded = np.abs(half - values).max(axis=(1, 2), initial=0)
        if (rounded > _ROUNDED * largest).any():
            row = int(np.argmax(rounded / np.where(largest > 0, largest, 1)))
            share = rounded[row] / largest[row]
            raise self._too_narrow(
                f"rounds values by {share:.1%} of a sequence's largest, {largest[row]:.1g}"
            )
        return half

    def _too_narrow(self, what: str) -> OutputError:
        return OutputError(f"cannot write {self._path}: float16 {what}; use float32")

    def _check_shapes(self, count: int, rows: Rows, bases: slice) -> None:
        channels, length = self._shape[1], min(bases.stop, self._shape[2]) - max(bases.start, 0)
        square, line, flat = (count, channels, length), (count, length), (count,)
        for (name, values), shape in zip(
            rows._asdict().items(), (square, square, line, flat, flat, line, flat), strict=True
        ):
            if values is not None and values.shape != shape:
                raise OutputError(
                    f"cannot write {self._path}: {name} has the shape {values.shape}, not {shape}"
                )

    def _check_complete(self) -> None:
        left = int(self._missing.sum())
        if left or not self._has_regions:
            what = f"{left} of {self._shape[0]} sequences" if left else "the regions"
            raise OutputError(f"cannot write {self._path}: {what} were never given")


def _as_slice(numbers: npt.NDArray[np.integer]) -> slice | npt.NDArray[np.integer]:
    """Neighbours as a slice, which HDF5 writes much faster than single rows."""
    if len(numbers) and numbers[-1] - numbers[0] == len(numbers) - 1:
        return slice(int(numbers[0]), int(numbers[-1]) + 1)
    return numbers


def _attribute(value: Any) -> Any:
    """Text and numbers as they are; all else as JSON of fixed length, which tells it from text."""
    return value if isinstance(value, str | int | float) else np.bytes_(json.dumps(value))
