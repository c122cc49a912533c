"""From contributions in the order of their windows to tracks, which lie in the genome's order."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from seqattr.dna.order import genome_order, numbers_in
from seqattr.dna.overlaps import cut
from seqattr.dna.places import Places
from seqattr.io.bigwig import write_stretches
from seqattr.io.bigwig_values import Stretches

_BASES_AT_ONCE = 1 << 17


Read = Callable[[npt.NDArray[np.intp]], Sequence[npt.NDArray[np.floating]]]


def write_track(path: Path, own: Places, read: Read, sizes: Mapping[str, int]) -> None:
    """A bigWig of what windows (N,) have on the genome, whose bases `own` are.

    `read` gives the values of K windows, by their numbers (K,): for each of them at least as many as it has
    bases, from its first base on, as they lie on the forward strand; NaN gives nothing. Where windows
    overlap, each gives what lies on its side of the midpoint between their summits. Raises InputError for
    windows that are not on the chromosomes, and OutputError where the file cannot be written.
    """
    sizes = dict(sorted(sizes.items()))  # readers search the names in byte order
    write_stretches(path, sizes, _stretches(own, read, sizes))


def _stretches(own: Places, read: Read, sizes: Mapping[str, int]) -> Iterator[Stretches]:
    """What the windows give, in the order of the genome, some at a time."""
    order = genome_order(own, sizes)
    chrom, start, end = numbers_in(own, sizes)[order], own.start[order], own.end[order]
    begin, stop = cut(chrom, start, end, own.summit[order])
    some = np.flatnonzero(stop > begin)
    bases = np.cumsum((end - start)[some]) // _BASES_AT_ONCE  # that are read, however few of them count
    for part in np.split(some, np.flatnonzero(np.diff(bases)) + 1) if len(some) else []:
        values = read(order[part])
        first, last = ((edge - start)[part].tolist() for edge in (begin, stop))
        pieces = [row[a:b] for row, a, b in zip(values, first, last, strict=True)]
        joined = np.concatenate(pieces).astype(np.float32, copy=False)
        yield Stretches(chrom[part], begin[part], (stop - begin)[part], joined)
