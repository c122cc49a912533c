"""From contributions in the order of their windows to tracks, which lie in the genome's order."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

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
    told = _intervals(own, sizes)
    bases = np.cumsum(told.read, dtype=np.int64) // _BASES_AT_ONCE
    edges = [0, *(np.flatnonzero(np.diff(bases)) + 1).tolist(), len(bases)]
    for part in map(slice, edges[:-1], edges[1:]) if len(bases) else ():
        first, length = told.first[part], told.length[part]
        ends = zip(first.tolist(), (first + length).tolist(), strict=True)
        values = read(told.window[part])
        joined = np.concatenate([row[a:b] for row, (a, b) in zip(values, ends, strict=True)])
        begin, chrom = told.begin[part], told.chrom[part]
        yield Stretches(chrom, begin, length.astype(np.int64), joined.astype(np.float32, copy=False))


class _Intervals(NamedTuple):
    """What windows tell of a genome, in its order: `length` bases from `begin` on, of a window's from `first`
    on. It is read as a whole, which is so many bases.
    """

    window: npt.NDArray[np.intp]
    chrom: npt.NDArray[np.int32]
    begin: npt.NDArray[np.int64]
    length: npt.NDArray[np.int32]
    first: npt.NDArray[np.int32]
    read: npt.NDArray[np.int32]


def _intervals(own: Places, sizes: Mapping[str, int]) -> _Intervals:
    """Those of the windows that tell anything."""
    order = genome_order(own, sizes)
    chrom = numbers_in(own, sizes)[order].astype(np.int32)
    start, end = own.start[order], own.end[order]
    begin, stop = cut(chrom, start, end, own.summit[order])
    some = np.flatnonzero(stop > begin)
    begin, start = begin[some], start[some]
    short = (stop[some] - begin, begin - start, end[some] - start)
    return _Intervals(order[some], chrom[some], begin, *(column.astype(np.int32) for column in short))
