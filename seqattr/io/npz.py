"""Arrays for other tools (.npz), as for TF-MoDISco: `modisco motifs -s ohe.npz -a shap.npz`."""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from seqattr.errors import OutputError
from seqattr.io.atomic import check_writable, replacing

OF_MODISCO = ("ohe.npz", "shap.npz")
_BLOCK_BYTES = 1 << 24


class Source(Protocol):
    """What can be read a slice of rows at a time: a numpy array, or a dataset of an open HDF5 file."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    def __getitem__(self, rows: slice, /) -> Any: ...


def write_modisco(folder: Path | str, one_hot: Source, hypothetical: Source) -> None:
    """Write ohe.npz (int8) and shap.npz (float32) from one-hot and hypothetical contributions (N, 4, L).

    Only a few rows are in memory at a time. Raises OutputError where the shapes differ or a file cannot be
    written.
    """
    if one_hot.shape != hypothetical.shape:
        raise OutputError(f"one-hot {one_hot.shape} and hypothetical {hypothetical.shape} differ in shape")
    check_writable(folder)
    write_modisco_files({name: Path(folder) / name for name in OF_MODISCO}, one_hot, hypothetical)


def write_modisco_files(paths: Mapping[str, Path], one_hot: Source, hypothetical: Source) -> None:
    """The same to a path for each of the files OF_MODISCO, of the same shape."""
    write_arrays(paths["ohe.npz"], {"arr_0": (one_hot, np.dtype(np.int8))})
    write_arrays(paths["shap.npz"], {"arr_0": (hypothetical, np.dtype(np.float32))})


def write_arrays(path: Path | str, arrays: Mapping[str, tuple[Source, np.dtype[Any]]]) -> None:
    """Arrays of some types under their names, as numpy.savez_compressed writes them, but streamed.

    Raises OutputError where the file cannot be written.
    """
    with (
        replacing(path) as part,
        zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
    ):
        for name, (source, dtype) in arrays.items():
            _write_array(archive, name, source, dtype)


def _write_array(archive: zipfile.ZipFile, name: str, source: Source, dtype: np.dtype[Any]) -> None:
    with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
        header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": source.shape}
        np.lib.format.write_array_header_1_0(file, header)
        rows = _rows_at_once(source.shape, dtype)
        for first in range(0, source.shape[0], rows):
            file.write(_bytes(source[first : first + rows], dtype))


def _rows_at_once(shape: tuple[int, ...], dtype: np.dtype[Any]) -> int:
    return max(1, _BLOCK_BYTES // max(1, int(np.prod(shape[1:])) * dtype.itemsize))


def _bytes(values: npt.ArrayLike, dtype: np.dtype[Any]) -> bytes:
    return np.ascontiguousarray(values, dtype=dtype).tobytes()
