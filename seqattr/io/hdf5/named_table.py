"""A table of numbers whose rows and columns have names, as HDF5.

values (N, M) float64 · rows (N), columns (M) names · what is told of them as attributes.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from seqattr.errors import OutputError
from seqattr.io.atomic import uninterrupted
from seqattr.io.hdf5.new_file import new_file


def write_named(
    path: Path | str,
    values: npt.NDArray[np.floating],
    rows: Sequence[str],
    columns: Sequence[str],
    attributes: Mapping[str, Any],
) -> None:
    """Write the table, whole or not at all; attributes are texts, numbers or lists of numbers.

    Raises OutputError where the names do not fit the values or the file cannot be written.
    """
    if values.shape != (len(rows), len(columns)):
        raise OutputError(
            f"cannot write {path}: {len(rows)} x {len(columns)} names for {values.shape} values"
        )
    with new_file(path) as (file, _), uninterrupted():
        file.create_dataset("values", data=values.astype(np.float64), compression="gzip", compression_opts=1)
        for name, names in (("rows", rows), ("columns", columns)):
            file.create_dataset(name, data=list(names), dtype=h5py.string_dtype())
        file.attrs.update(attributes)
