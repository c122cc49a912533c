"""What an open contributions file holds, a block of rows at a time, and what its bases are."""

from collections.abc import Iterator

import numpy as np

from seqattr.dna.alphabet import codes_of
from seqattr.dna.frequencies import background_from
from seqattr.dna.loci import Loci, counted_codes, loci_of
from seqattr.io.hdf5.stored import StoredContributions
from seqattr.motifs.scan import on_strand

_BLOCK_BASES = 1 << 18


def row_blocks(file: StoredContributions) -> Iterator[slice]:
    """All rows, in whole chunks of the file."""
    stored = file.one_hot
    chunk = stored.chunks[0] if stored.chunks else 1
    step = chunk * max(1, _BLOCK_BASES // (chunk * stored.shape[2]))
    return (slice(first, min(first + step, len(stored))) for first in range(0, len(stored), step))


def code_blocks(file: StoredContributions) -> Iterator[tuple[slice, np.ndarray]]:
    """All rows, and their codes (B, L)."""
    return ((rows, codes_of(file.one_hot[rows])) for rows in row_blocks(file))


def value_blocks(file: StoredContributions) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
    """All rows, their contributions (B, L) and what of them is known as a base."""
    for rows in row_blocks(file):
        known = np.asarray(file.one_hot[rows].any(axis=1))
        yield rows, file.contributions(rows), known


def layout_of(file: StoredContributions) -> tuple[Loci, np.ndarray]:
    """Where the rows lie, and which (N,) were read as the other strand than that they lie on."""
    codes = (codes for _, codes in code_blocks(file))
    return loci_of(codes, file.places_in_columns), file.minus & file.forward


def background_in(
    file: StoredContributions, loci: Loci, minus: np.ndarray, strand: str = "both"
) -> np.ndarray:
    """The frequencies (4,) of the bases, each counted once, as `measured_background` has them."""
    counts, bases = np.zeros(4), loci.counting_starts(1)
    for rows, codes in code_blocks(file):
        read = on_strand(counted_codes(codes, bases[rows]), minus[rows])
        counts += np.bincount(read.ravel(), minlength=5)[:4]
    return background_from(counts, strand)
