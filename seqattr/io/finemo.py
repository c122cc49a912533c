"""The files of Fi-NeMo: regions.npz, which `finemo call-hits` reads, and the table of hits that it writes."""

from collections.abc import Callable, Sequence
from itertools import compress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from seqattr.errors import InputError
from seqattr.io.npz import Source, write_arrays
from seqattr.io.reading import text_lines

_COLUMNS: dict[str, Callable[[str], Any]] = {
    "peak_id": np.int64,
    "motif_name": str,
    "start_untrimmed": np.int64,
    "strand": str,
    "hit_coefficient": float,
    "hit_similarity": float,
}


class FinemoHits(NamedTuple):
    """H hits; rows and starts are those of the arrays in regions.npz, counted from 0. A start is that of the
    whole pattern with its flanks, on strand - of its reverse complement.
    """

    row: npt.NDArray[np.int64]
    motif: list[str]
    start: npt.NDArray[np.int64]
    strand: npt.NDArray[np.int8]  # 1 or -1
    coefficient: npt.NDArray[np.float64]
    similarity: npt.NDArray[np.float64]

    def select(self, which: Sequence[bool]) -> "FinemoHits":
        """Some of the hits."""
        motif = list(compress(self.motif, which))
        row, start, strand, coefficient, similarity = (
            column[np.array(which, bool)]
            for column in (self.row, self.start, self.strand, self.coefficient, self.similarity)
        )
        return FinemoHits(row, motif, start, strand, coefficient, similarity)


def write_regions(path: Path | str, one_hot: Source, contributions: Source) -> None:
    """Sequences (N, 4, L) and contributions on their bases (N, L), without places: rows are known by number.

    Raises OutputError where the file cannot be written.
    """
    write_arrays(
        path,
        {
            "sequences": (one_hot, np.dtype(np.int8)),
            "contributions": (contributions, np.dtype(np.float32)),
        },
    )


def read_hits(path: Path | str) -> FinemoHits:
    """The hits of a table that `finemo call-hits` wrote for such regions. Raises InputError for another."""
    lines = text_lines(path, "table")
    names = next(lines, (0, ""))[1].split("\t")
    if not set(_COLUMNS) <= set(names):
        raise InputError(f"{path} is no table of hits, as `finemo call-hits` writes: hits.tsv")
    columns: list[list[Any]] = [[] for _ in _COLUMNS]
    for number, line in lines:
        cells = line.split("\t")
        try:
            for column, (name, kind) in zip(columns, _COLUMNS.items(), strict=True):
                column.append(kind(cells[names.index(name)]))
        except (ValueError, IndexError, OverflowError) as error:
            raise InputError(f"line {number} of {path} is no hit") from error
    row, motif, start, strand, coefficient, similarity = columns
    return FinemoHits(
        np.array(row, np.int64),
        motif,
        np.array(start, np.int64),
        np.array([-1 if sign == "-" else 1 for sign in strand], np.int8),
        np.array(coefficient, np.float64),
        np.array(similarity, np.float64),
    )
