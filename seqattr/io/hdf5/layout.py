"""What stands where in a contributions file, how that is cut into chunks, and whether a file is one."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import h5py
import numpy as np

from seqattr.errors import InputError

COLUMNS = ONE_HOT, HYPOTHETICAL, PROJECTED = ("raw/seq", "shap/seq", "projected_shap/seq")
NUMBERS = DIFFERENCE, ADDITIVITY_ERROR = ("difference", "additivity_error")
ERRORS, CANCELLATION = "standard_error", "cancellation"
REGIONS, FORWARD = "regions", "forward"
PLACES = {"chrom": str, "start": int, "end": int, "name": str, "strand": str}

_CHUNK_BYTES = 1 << 19
_CHUNK_BASES = 1 << 15
_LEAST_CHUNK = 64
_ROW_BASES = 1 << 19  # of the rows of a chunk, padding too: one long window must not widen many short ones


@dataclass(frozen=True)
class Layout:
    """A file of n sequences of `length` bases, in chunks of whole sequences at best.

    Where most sequences are shorter than the longest one, `typical` is a length that many of them have:
    chunks of padding alone are left out.
    """

    n: int
    length: int
    dtype: Literal["float32", "float16"] = "float32"
    typical: int | None = None

    @property
    def chunk_bases(self) -> int:
        """Bases of a chunk."""
        return min(self.length, _CHUNK_BASES, max(self.typical or self.length, _LEAST_CHUNK))

    @property
    def chunk_rows(self) -> int:
        """Sequences of a chunk."""
        by_size = _CHUNK_BYTES // (4 * self.chunk_bases * np.dtype(self.dtype).itemsize)
        return max(1, min(self.n, by_size, _ROW_BASES // self.length))

    def dtype_of(self, name: str) -> np.dtype[Any]:
        """The type of one of COLUMNS or ERRORS, which small values would lose in float16."""
        return np.dtype({ONE_HOT: "int8", ERRORS: "float32"}.get(name, self.dtype))

    def shape_of(self, name: str) -> tuple[int, ...]:
        """The shape of one of COLUMNS, or of ERRORS."""
        return (self.n, self.length) if name == ERRORS else (self.n, 4, self.length)

    def chunks_of(self, name: str) -> tuple[int, ...]:
        """The shape of a chunk of one of COLUMNS, or of ERRORS."""
        return (self.chunk_rows, *self.shape_of(name)[1:-1], self.chunk_bases)


def place_name(field: str) -> str:
    """The dataset of one of PLACES."""
    return f"{REGIONS}/{field}"


def looks_like_contributions(file: h5py.File) -> bool:
    """Whether an open HDF5 file has a group that only those of contributions have."""
    return any(name.partition("/")[0] in file for name in (HYPOTHETICAL, PROJECTED))


def check_layout(path: Path | str, file: h5py.File) -> None:
    """Raise InputError unless all datasets are there, of one shape (N, 4, L) and of their types."""
    places = tuple(map(place_name, PLACES))
    for name in (*COLUMNS, *NUMBERS, *places):
        if not isinstance(file.get(name), h5py.Dataset):
            raise InputError(f"{path} has no dataset '{name}'; is it a contributions file of seqattr?")
    optional = [name for name in (ERRORS, CANCELLATION) if isinstance(file.get(name), h5py.Dataset)]
    shape: tuple[int, ...] = file[ONE_HOT].shape or ()
    fits = len(shape) == 3 and shape[1] == 4 and all(file[name].shape == shape for name in COLUMNS)
    fits = fits and (ERRORS not in optional or file[ERRORS].shape == (shape[0], shape[2]))
    flat = (*NUMBERS, *places, *(name for name in optional if name != ERRORS))
    if not fits or any(file[name].shape != shape[:1] for name in flat):
        raise InputError(f"{path} holds datasets that do not fit one shape (N, 4, L)")
    _check_types(path, file, (*COLUMNS, *NUMBERS, *optional))


def _check_types(path: Path | str, file: h5py.File, numbers: tuple[str, ...]) -> None:
    for name in numbers:
        _check_type(path, file[name], "iuf")
    for field, kind in PLACES.items():
        _check_type(path, file[place_name(field)], "" if kind is str else "iu")
    if np.ndim(file[REGIONS].attrs.get(FORWARD, False)):
        raise InputError(f"{path} does not say whether its rows lie forward")


def _check_type(path: Path | str, stored: h5py.Dataset, kinds: str) -> None:
    """Numbers of these kinds, by numpy's letters; without any it is to be text."""
    is_text = h5py.check_string_dtype(stored.dtype) is not None
    if is_text is bool(kinds) or (kinds and stored.dtype.kind not in kinds):
        wanted = "numbers" if kinds else "text"
        raise InputError(f"{path} has the dataset {stored.name} of {stored.dtype}; it should hold {wanted}")
