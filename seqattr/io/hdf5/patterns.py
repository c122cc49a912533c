"""Learned patterns as HDF5: a dataset patterns/<number> for each step, in order.

A dataset is float64, of the weight's shape, with a checksum; its attributes are the step's name, its
estimator, and how many windows and silent units there were. Those of the file are its format, the model's
hash, the number of sequences and the version of seqattr.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from seqattr.errors import InputError
from seqattr.io.atomic import uninterrupted
from seqattr.io.hdf5.new_file import new_file
from seqattr.io.reading import reading
from seqattr.support.memory import check_room

FORMAT = "seqattr patterns"
VERSION = 1
_FACTS = {"model": str, "sequences": int, "seqattr": str}
_COLUMNS = {"step": str, "estimator": str, "windows": int, "silent": int}


Row = Mapping[str, Any]  # the pattern of one step: its values, and each of the columns


def write_patterns(path: Path | str, rows: Sequence[Row], facts: Mapping[str, Any]) -> None:
    """Write patterns with what is known of them: model, sequences, seqattr. Raises OutputError."""
    with new_file(path) as (file, sink), uninterrupted():
        file.attrs.update({"format": FORMAT, "version": VERSION, **facts})
        for number, row in enumerate(rows):
            stored = file.create_dataset(
                f"patterns/{number:05d}", data=row["values"], chunks=row["values"].shape, fletcher32=True
            )
            stored.attrs.update({name: row[name] for name in _COLUMNS})
        sink.check()


def read_patterns(path: Path | str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The patterns in a file, in order, and what is known of them. Raises InputError where it is none."""
    with reading(path, "patterns"):
        pass
    try:
        with h5py.File(path, "r", locking=False) as file:
            if file.attrs.get("format") != FORMAT:
                raise InputError(f"{path} holds no patterns; `seqattr patterns` writes a file that does")
            if file.attrs["version"] != VERSION:
                raise InputError(f"{path} has a version of the format that this seqattr does not read")
            facts = {name: kind(file.attrs[name]) for name, kind in _FACTS.items()}
            return [_row(path, file["patterns"][name]) for name in sorted(file["patterns"])], facts
    except (OSError, KeyError, TypeError, ValueError, RuntimeError, AttributeError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"{path} is no whole file of patterns: {reason}; give what `seqattr patterns` wrote"
        ) from error


def _row(path: Path | str, stored: h5py.Dataset) -> dict[str, Any]:
    check_room(path, stored.size * np.dtype(np.float64).itemsize)
    values = np.asarray(stored[:], np.float64)
    return {"values": values} | {name: kind(stored.attrs[name]) for name, kind in _COLUMNS.items()}
