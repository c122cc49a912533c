"""bigWig tracks: what is written is checked, and takes time in proportion to bases and chromosomes."""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from figwig import BigWigWriter

from seqattr.errors import InputError
from seqattr.io.atomic import replacing

MOST_BASES = 2**32 - 1
LEVEL = 1  # of zlib: others are hardly smaller on such numbers, and slow


class Track(NamedTuple):
    """One value per base from `start` on a chromosome: values (n,); NaN where there is none."""

    chrom: str
    start: int
    values: npt.NDArray[np.floating]


def write_bigwig(
    path: Path | str, chrom_sizes: Mapping[str, int], tracks: Iterable[Track], most_values: int
) -> None:
    """Write tracks as float32, sorted by the order of `chrom_sizes` and start and without overlap.

    All of `chrom_sizes` go into the header; readers that search it want the names in byte order.
    `most_values`, an upper bound on the number of values, is the room that is asked for beforehand. Raises
    InputError where a track is out of order, overlaps the one before, passes the end of its chromosome,
    names an unknown one or holds an infinity, and OutputError where the file cannot be written.
    """
    check_sizes(chrom_sizes)
    with replacing(path) as part:
        reserve(part, 16 * most_values + 256 * len(chrom_sizes) + 2**16)
        write(part, chrom_sizes, tracks)


def check_sizes(sizes: Mapping[str, int]) -> None:
    """Raises InputError where a bigWig's header cannot hold the chromosomes."""
    if not sizes:
        raise InputError("a bigWig needs the size of at least one chromosome")
    for name, size in sizes.items():
        if not name or not 0 < size <= MOST_BASES:
            raise InputError(f"chromosome '{name}' of size {size}: a bigWig needs a name and 1 to 2**32 - 1")


def reserve(path: Path, size: int) -> None:
    """Fails with the system's own error if there is no room for `size` bytes at `path`."""
    with open(path, "wb") as file:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)
        elif shutil.disk_usage(path.parent).free < size:
            raise OSError(28, "No space left on device")


def write(path: Path, sizes: Mapping[str, int], tracks: Iterable[Track]) -> None:
    """The file itself; figwig leaves NaN out, and compresses alike on every machine by zlib."""
    with BigWigWriter(path, dict(sizes), level=LEVEL, engine="zlib", n_jobs=1) as file:
        for track in in_order(tracks, sizes):
            file.write(track.chrom, [track.start], track.values[None], missing=np.nan)


def in_order(tracks: Iterable[Track], sizes: Mapping[str, int]) -> Iterator[Track]:
    """The tracks as float32, once it is seen that none comes before its turn or overlaps another."""
    order = {name: number for number, name in enumerate(sizes)}
    free = (0, 0)
    for track in tracks:
        end = checked_end(track, sizes)
        if (order[track.chrom], track.start) < free:
            raise InputError(
                f"the track at {track.chrom}:{track.start}-{end} overlaps the one before or is out of order"
            )
        free = (order[track.chrom], end)
        yield track._replace(values=checked_values(track))


def checked_end(track: Track, sizes: Mapping[str, int]) -> int:
    """Where a track ends; raises InputError where that is not on its chromosome."""
    end = track.start + len(track.values)
    where = f"the track at {track.chrom}:{track.start}-{end}"
    size = sizes.get(track.chrom)
    if size is None:
        raise InputError(f"{where} lies on a chromosome that is not in the chromosome sizes")
    if not 0 <= track.start <= end <= size:
        raise InputError(f"{where} lies partly outside {track.chrom}, which has {size} bases")
    return end


def checked_values(track: Track) -> npt.NDArray[np.float32]:
    """A track's values as float32; raises InputError for an infinity."""
    with np.errstate(over="ignore"):
        values = np.asarray(track.values).astype(np.float32)
    if np.isinf(values).any():
        raise InputError(f"the track at {track.chrom}:{track.start} holds an infinity (as float32)")
    return values
