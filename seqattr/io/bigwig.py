"""bigWig tracks: what is written is checked, and takes time in proportion to bases and chromosomes."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from seqattr.errors import InputError
from seqattr.io.atomic import replacing
from seqattr.io.bigwig_file import BigWigFile
from seqattr.io.bigwig_values import Stretches, checked, known

MOST_BASES = 2**32 - 1
_VALUES_AT_ONCE = 1 << 17


class Track(NamedTuple):
    """One value per base from `start` on a chromosome: values (n,); NaN where there is none."""

    chrom: str
    start: int
    values: npt.NDArray[np.floating]


def write_bigwig(path: Path | str, chrom_sizes: Mapping[str, int], tracks: Iterable[Track]) -> None:
    """Write tracks as float32, sorted by the order of `chrom_sizes` and start and without overlap.

    All of `chrom_sizes` go into the header; readers that search it want the names in byte order. Raises
    InputError where a track is out of order, overlaps the one before, passes the end of its chromosome,
    names an unknown one or holds an infinity, and OutputError where the file cannot be written.
    """
    write_stretches(path, chrom_sizes, _batches(tracks, chrom_sizes))


def write_stretches(path: Path | str, chrom_sizes: Mapping[str, int], batches: Iterable[Stretches]) -> None:
    """So too, with the tracks as columns, many at a time, and their chromosomes by number. The same batches
    give the same bytes.
    """
    _check_sizes(chrom_sizes)
    with replacing(path) as part, BigWigFile(part, chrom_sizes) as file:
        for batch in checked(batches, chrom_sizes):
            file.add(known(batch))


def _check_sizes(sizes: Mapping[str, int]) -> None:
    """Raises InputError where a bigWig's header cannot hold the chromosomes."""
    if not sizes:
        raise InputError("a bigWig needs the size of at least one chromosome")
    for name, size in sizes.items():
        if not name or not 0 < size <= MOST_BASES:
            raise InputError(f"chromosome '{name}' of size {size}: a bigWig needs a name and 1 to 2**32 - 1")


def _batches(tracks: Iterable[Track], sizes: Mapping[str, int]) -> Iterator[Stretches]:
    """The tracks as columns, some at a time. Raises InputError for a chromosome that has no size."""
    numbers = {name: number for number, name in enumerate(sizes)}
    waiting: list[Track] = []
    values = 0
    for track in tracks:
        if track.chrom not in numbers:
            place = f"{track.chrom}:{track.start}-{track.start + len(track.values)}"
            raise InputError(f"the track at {place} lies on a chromosome that is not in the chromosome sizes")
        waiting.append(track)
        values += len(track.values)
        if values >= _VALUES_AT_ONCE:
            yield _columns(waiting, numbers)
            waiting, values = [], 0
    if waiting:
        yield _columns(waiting, numbers)


def _columns(tracks: list[Track], numbers: Mapping[str, int]) -> Stretches:
    places = [(numbers[track.chrom], track.start, len(track.values)) for track in tracks]
    chrom, start, length = np.array(places, np.int64).T
    with np.errstate(over="ignore"):
        values = np.concatenate([np.asarray(track.values).astype(np.float32) for track in tracks])
    return Stretches(chrom, start, length, values)
