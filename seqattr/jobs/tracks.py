"""From contributions that come batch by batch to tracks that lie in the genome's order."""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

from seqattr.dna.order import genome_order, numbers_in
from seqattr.dna.overlaps import cut
from seqattr.dna.places import Places
from seqattr.inputs import Windows
from seqattr.io.atomic import cannot_write
from seqattr.io.bigwig import write_stretches
from seqattr.io.bigwig_values import Stretches

_BASES_AT_ONCE = 1 << 17


class Scratch:
    """Contributions of T targets to N rows as float32 in a file, each row of its length, on the + strand."""

    def __init__(self, file: IO[bytes], lengths: Sequence[int]) -> None:
        self._file, self._lengths = file, lengths
        self._starts = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])

    def put(self, target: int, row: int, values: npt.NDArray[np.floating]) -> None:
        self._seek(target, row)
        self._file.write(values.astype(np.float32).tobytes())

    def get(self, target: int, row: int) -> npt.NDArray[np.float32]:
        self._seek(target, row)
        return np.frombuffer(self._file.read(4 * self._lengths[row]), np.float32)

    def rows(
        self, target: int, before: Sequence[int], rows: npt.NDArray[np.intp]
    ) -> list[npt.NDArray[np.float32]]:
        """Some rows, without so many values before each."""
        return [self.get(target, row)[before[row] :] for row in rows.tolist()]

    def _seek(self, target: int, row: int) -> None:
        self._file.seek(4 * (target * int(self._starts[-1]) + int(self._starts[row])))


@contextmanager
def scratch_in(folder: Path, lengths: Sequence[int]) -> Iterator[Scratch]:
    """A file on the way to the tracks, which the system removes by itself. Raises OutputError."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            yield Scratch(file, lengths)
    except OSError as error:
        raise cannot_write(folder, error) from error


def write_tracks(
    paths: Sequence[Path],
    scratch: Scratch,
    windows: Windows,
    sizes: Mapping[str, int],
) -> None:
    """A bigWig for each target, on genome coordinates where windows have them."""
    own = windows.own_regions
    before = (own.start - windows.start).tolist()
    for target, path in enumerate(paths):
        write_track(path, own, partial(scratch.rows, target, before), sizes)


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
    chrom, start = numbers_in(own, sizes)[order], own.start[order]
    begin, end = cut(chrom, start, own.end[order], own.summit[order])
    some = np.flatnonzero(end > begin)
    bases = np.cumsum((end - begin)[some]) // _BASES_AT_ONCE
    for part in np.split(some, np.flatnonzero(np.diff(bases)) + 1) if len(some) else []:
        values = read(order[part])
        first, last = ((edge - start)[part].tolist() for edge in (begin, end))
        pieces = [row[a:b] for row, a, b in zip(values, first, last, strict=True)]
        joined = np.concatenate(pieces).astype(np.float32, copy=False)
        yield Stretches(chrom[part], begin[part], (end - begin)[part], joined)
