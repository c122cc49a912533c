"""From contributions that come batch by batch to tracks that lie in the genome's order."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

from seqattr.dna.regions import Region, cut_overlaps, genome_order
from seqattr.inputs import Window
from seqattr.io.atomic import cannot_write
from seqattr.io.bigwig import Track, write_bigwig


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
    windows: Sequence[Window],
    sizes: Mapping[str, int],
) -> None:
    """A bigWig for each target, on genome coordinates where windows have them.

    Where windows overlap, each gives what lies on its side of the midpoint between their summits.
    """
    sizes = dict(sorted(sizes.items()))  # readers search the names in byte order
    inner = [window.own_region for window in windows]
    order = genome_order(inner, sizes)
    cuts = cut_overlaps([inner[i] for i in order])
    total = sum(end - begin for begin, end in cuts)
    for target, path in enumerate(paths):
        tracks = (
            track(scratch.get(target, int(i)), windows[int(i)].region, begin, end)
            for i, (begin, end) in zip(order, cuts, strict=True)
            if end > begin
        )
        write_bigwig(path, sizes, tracks, total)


def track(values: npt.NDArray[np.float32], region: Region, begin: int, end: int) -> Track:
    """What one window, whose values lie as the forward strand, writes of the genome: bases begin to end."""
    return Track(region.chrom, begin, values[begin - region.start : end - region.start])
