"""A contributions file put together from blocks that were encoded before, which HDF5 has only to write.

raw/seq (N, 4, L) int8 one-hot · shap/seq (N, 4, L) hypothetical contributions · projected_shap/seq
(N, 4, L) contributions on the observed bases · regions/{chrom,start,end,name,strand} (N) · difference,
additivity_error and, where it is told, cancellation (N) · standard_error (N, L) of those contributions, where
the method estimates them · the run's settings as attributes.

Where the group `regions` says so (its attribute `forward`), base p of row i is base start + p of the genome,
and the strand tells only how the model read it; else a row on strand '-' runs backwards.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from seqattr.dna.places import Places
from seqattr.errors import OutputError
from seqattr.io.atomic import uninterrupted
from seqattr.io.hdf5.blocks import EncodedBlock
from seqattr.io.hdf5.layout import (
    COLUMNS,
    ERRORS,
    FORWARD,
    NUMBERS,
    PLACES,
    REGIONS,
    Layout,
    place_name,
)
from seqattr.io.hdf5.new_file import FileWriter

_PLACES_AT_ONCE = 1 << 12


def assemble(
    path: Path | str,
    layout: Layout,
    places: Places,
    attributes: Mapping[str, Any],
    blocks: Iterable[EncodedBlock],
) -> None:
    """Write the blocks of a file, in order and of all its rows, which lie forward on the genome.

    No more than a block is held at once, and the same blocks give the same bytes. The file takes its name
    when it is whole. Raises OutputError for blocks that are not those of all rows, in order, and for
    whatever the operating system refuses.
    """
    with ContributionFile(path, layout, attributes) as file:
        file.write_places(places, forward=True)
        for block in blocks:
            file.add(block)


class ContributionFile(FileWriter):
    """Context manager that writes a contributions file block by block.

    The file takes its name only when the block ends well and all rows and places have been written.
    """

    def __init__(self, path: Path | str, layout: Layout, attributes: Mapping[str, Any] | None = None) -> None:
        if layout.n < 1 or layout.length < 1:
            raise OutputError(
                f"cannot write {path}: there are no contributions to write ({layout.n} x {layout.length})"
            )
        super().__init__(path)
        self._layout, self._attributes = layout, dict(attributes or {})
        self._datasets: dict[str, h5py.Dataset] = {}  # to ask HDF5 for one by name takes longer than to write
        self._rows = 0  # that are written
        self._has_places = False

    @uninterrupted()
    def write_places(self, places: Places, forward: bool = False) -> None:
        """Write the places of all n sequences, in their order, some at a time.

        With `forward`, all rows lie as the genome's forward strand, and strands tell how the model read them.
        """
        if len(places) != self._layout.n:
            raise OutputError(
                f"cannot write {self._path}: {len(places)} regions for {self._layout.n} sequences"
            )
        stored = [self._file[place_name(field)] for field in PLACES]
        for first in range(0, len(places), _PLACES_AT_ONCE):
            rows = slice(first, first + _PLACES_AT_ONCE)
            for dataset, column in zip(stored, _columns(places[rows]), strict=True):
                dataset[rows] = column
        self._file[REGIONS].attrs[FORWARD] = forward
        self._has_places = True
        self._sink.check()

    @uninterrupted()
    def add(self, block: EncodedBlock) -> None:
        """Write the block of the rows behind all that were written before."""
        if block.first != self._rows:
            raise OutputError(
                f"cannot write {self._path}: the block of row {block.first} comes after row {self._rows}"
            )
        rows = slice(block.first, block.first + block.count)
        for name, column in block.numbers.items():
            self._number(name)[rows] = column
        for name in block.datasets:
            self._column(name)
        for chunk in block.chunks:
            offset = (chunk.row, chunk.base) if chunk.dataset == ERRORS else (chunk.row, 0, chunk.base)
            self._column(chunk.dataset).id.write_direct_chunk(offset, chunk.data)
        self._rows = rows.stop
        self._sink.check()

    @uninterrupted()
    def _lay_out(self) -> None:
        n = self._layout.n
        for name in COLUMNS:
            self._column(name)
        for name in NUMBERS:
            self._number(name)
        for field, kind in PLACES.items():
            dtype = h5py.string_dtype() if kind is str else np.int64
            self._file.create_dataset(place_name(field), shape=(n,), dtype=dtype)
        for name, value in self._attributes.items():
            self._file.attrs[name] = _attribute(value)

    def _number(self, name: str) -> h5py.Dataset:
        """A number for each row, in a dataset that is made when it is first asked for."""
        if name not in self._datasets:
            self._datasets[name] = self._file.create_dataset(name, shape=(self._layout.n,), dtype=np.float64)
        return self._datasets[name]

    def _column(self, name: str) -> h5py.Dataset:
        """Values for each base of each row, so too. Chunks that are never written are 0."""
        if name not in self._datasets:
            self._datasets[name] = self._file.create_dataset(
                name,
                shape=self._layout.shape_of(name),
                dtype=self._layout.dtype_of(name),
                chunks=self._layout.chunks_of(name),
                compression="gzip",
                compression_opts=1,
                shuffle=True,
            )
        return self._datasets[name]

    def _check_complete(self) -> None:
        left = self._layout.n - self._rows
        if left or not self._has_places:
            what = f"{left} of {self._layout.n} sequences" if left else "the regions"
            raise OutputError(f"cannot write {self._path}: {what} were never given")


def _columns(places: Places) -> tuple[Any, ...]:
    """The datasets of places, as PLACES has them."""
    chroms = [places.chroms[number] for number in places.chrom.tolist()]
    return chroms, places.start, places.end, list(places.names), np.where(places.minus, "-", "+").tolist()


def _attribute(value: Any) -> Any:
    """Text and numbers as they are; all else as JSON of fixed length, which tells it from text."""
    return value if isinstance(value, str | int | float) else np.bytes_(json.dumps(value))
