"""What the bases of an open contributions file are, a block of sequences at a time."""

from collections.abc import Iterator

import h5py
import numpy as np

from seqattr.alphabet import codes_of
from seqattr.io.hdf5 import regions_in, rows_are_forward, rows_as_they_lie
from seqattr.loci import Loci, counted_codes, loci_of
from seqattr.scan import as_read, background_from

_BLOCK_BASES = 1 << 20


def code_blocks(file: h5py.File) -> Iterator[np.ndarray]:
    """The codes (B, L) of all sequences, in whole chunks of the file."""
    stored = file["raw/seq"]
    chunk = stored.chunks[0] if stored.chunks else 1
    step = chunk * max(1, _BLOCK_BASES // (chunk * stored.shape[2]))
    return (codes_of(stored[first : first + step]) for first in range(0, len(stored), step))


def layout_of(file: h5py.File) -> tuple[Loci, np.ndarray]:
    """Where the rows lie, and which (N,) were read as the other strand than that they lie on."""
    minus = np.array([region.strand == "-" for region in regions_in(file)], bool)
    return loci_of(code_blocks(file), rows_as_they_lie(file)), minus & rows_are_forward(file)


def background_in(file: h5py.File, loci: Loci, minus: np.ndarray, strand: str = "both") -> np.ndarray:
    """The frequencies (4,) of the bases, each counted once, as `measured_background` has them."""
    counts, first, bases = np.zeros(4), 0, loci.own(1)
    for codes in code_blocks(file):
        rows = slice(first, first + len(codes))
        own = as_read(counted_codes(codes, bases[rows]), minus[rows])
        counts += np.bincount(own.ravel(), minlength=5)[:4]
        first = rows.stop
    return background_from(counts, strand)
