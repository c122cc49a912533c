"""An attribution as files: the HDF5 layout and the tracks that `seqattr score` writes."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from seqattr.dna.alphabet import one_hot
from seqattr.dna.places import Places
from seqattr.io.hdf5.assembly import assemble
from seqattr.io.hdf5.blocks import BlockRows, EncodedBlock, encode_block
from seqattr.io.hdf5.layout import CANCELLATION, NUMBERS, Layout
from seqattr.io.tracks import write_track

ROWS_AT_ONCE = 1 << 10


@dataclass(frozen=True)
class TargetRows:
    """What is written of one target: codes (N, L), and fields of an attribution (N, ...) by their names.

    `places` say where the rows lie; those on strand '-' run backwards there. `attributes` go into the file.
    """

    codes: npt.NDArray[np.uint8]
    fields: Mapping[str, npt.NDArray[np.floating]]
    places: Places
    attributes: Mapping[str, Any]

    def write_h5(self, path: Path) -> None:
        """In ChromBPNet's layout. Raises OutputError where the file cannot be written."""
        layout = Layout(*self.codes.shape)
        assemble(path, layout, self.places, self.attributes, self._blocks(path, layout))

    def write_track(self, path: Path, sizes: Mapping[str, int]) -> None:
        """As bigWig: each base from the row whose middle is nearest. Raises InputError for places that are
        not on the chromosomes."""
        contributions = self.fields["contributions"].astype(np.float32)
        write_track(path, self.places, lambda rows: list(self._forward(contributions[rows], rows)), sizes)

    def _blocks(self, path: Path, layout: Layout) -> Iterator[EncodedBlock]:
        """Whole chunks of rows, one block after the other."""
        step = layout.chunk_rows * max(1, ROWS_AT_ONCE // layout.chunk_rows)
        for first in range(0, layout.n, step):
            yield encode_block(path, layout, first, self._rows(np.arange(first, min(first + step, layout.n))))

    def _rows(self, rows: npt.NDArray[np.intp]) -> BlockRows:
        """Some rows, forward on the genome."""
        error = self.fields.get("standard_error")
        return BlockRows(
            self._forward(one_hot(self.codes[rows]), rows),
            self._forward(self.fields["hypothetical"][rows], rows),
            self._forward(self.fields["contributions"][rows], rows),
            {name: self.fields[name][rows] for name in (*NUMBERS, CANCELLATION)},
            None if error is None else self._forward(error[rows], rows),
        )

    def _forward(self, values: npt.NDArray[Any], rows: npt.NDArray[np.intp]) -> npt.NDArray[Any]:
        """Values (K, L) or (K, 4, L) of rows (K,), those on strand '-' read backwards, on both axes."""
        turned, minus = values.copy(), self.places.minus[rows]
        turned[minus] = np.flip(values[minus], tuple(range(1, values.ndim)))
        return turned


def digest(rows: Mapping[str, TargetRows]) -> str:
    """SHA-256 of what is written of all targets, wherever on a genome it lies, and by whichever version."""
    hashed = hashlib.sha256()
    for one in rows.values():
        told = {name: value for name, value in one.attributes.items() if name != "seqattr"}
        hashed.update(json.dumps(told, sort_keys=True).encode())
        for array in (one.codes, *one.fields.values()):
            hashed.update(str((array.dtype, array.shape)).encode() + array.tobytes())
    return hashed.hexdigest()


def digest_of_places(places: Places) -> str:
    """SHA-256 of where rows lie, by their names too."""
    hashed = hashlib.sha256()
    for place in places:
        hashed.update(f"{place.chrom}:{place.start}-{place.end}{place.strand}{place.name}\n".encode())
    return hashed.hexdigest()
