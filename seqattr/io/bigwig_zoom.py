"""The zoom levels of a bigWig file: values summed up over bins of bases, and over all.

Each level is written to a file of its own while values come, so that memory does not grow with them.
"""

import shutil
import struct
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from seqattr.io.bigwig_index import Block, blocks_of, write_index
from seqattr.io.bigwig_values import Stretches
from seqattr.io.deflate import deflate

MOST_LEVELS = 10
_FIRST, _NEXT = 32, 4  # bases of a record of the first level, and how many times more of the next
_RECORDS = 512  # in a block
_SUMMARY = "<Qdddd"

Record = np.dtype(
    [
        *((name, "<u4") for name in ("chrom", "start", "end", "count")),
        *((name, "<f4") for name in ("least", "most", "total", "squares")),
    ]
)
Records = npt.NDArray[np.void]
LARGEST_BLOCK = Record.itemsize * _RECORDS


class Summary:
    """Of all values: how many, the least and the most, and the sums of them and of their squares."""

    def __init__(self) -> None:
        self._count, self._total, self._squares = 0, 0.0, 0.0
        self._least, self._most = np.inf, -np.inf

    def add(self, values: npt.NDArray[np.float32], squares: npt.NDArray[np.float64]) -> None:
        self._count += len(values)
        self._least, self._most = min(self._least, values.min()), max(self._most, values.max())
        self._total, self._squares = (
            self._total + values.sum(dtype=np.float64),
            self._squares + squares.sum(),
        )

    def packed(self) -> bytes:
        """As it stands in the file."""
        least, most = (self._least, self._most) if self._count else (0.0, 0.0)
        return struct.pack(_SUMMARY, self._count, least, most, self._total, self._squares)


class Level:
    """Records of bins of so many bases, which are put together as they come, to blocks in an empty file."""

    def __init__(self, reduction: int, file: BinaryIO) -> None:
        self.reduction, self.records = reduction, 0
        self._file = file
        self._last = np.zeros(0, Record)  # of a bin to which more may come
        self._waiting = np.zeros(0, Record)
        self._blocks: list[npt.NDArray[np.void]] = []

    def add(self, records: Records) -> Records:
        """Take sorted records of no more bases than the level's; those of the level that are whole."""
        merged = _binned(np.concatenate([self._last, records]), self.reduction)
        self._last, whole = merged[-1:], merged[:-1]
        self._put(whole)
        return whole

    def finish(self) -> Records:
        """Take the last record, which it is."""
        last, self._last = self._last, self._last[:0]
        self._put(last)
        self._write_blocks(_RECORDS if len(self._waiting) else 0)
        return last

    def write(self, file: BinaryIO) -> tuple[int, int, int, int]:
        """Write the level behind what the file holds; how its header names it."""
        data_at = file.tell()
        file.write(struct.pack("<I", self.records))
        self._file.seek(0)
        shift = file.tell()
        shutil.copyfileobj(self._file, file)
        index_at = file.tell()
        blocks = np.concatenate([np.zeros(0, Block), *self._blocks])
        blocks["offset"] += np.uint64(shift)
        write_index(file, blocks, _RECORDS)
        return self.reduction, 0, data_at, index_at

    def _put(self, records: Records) -> None:
        self.records += len(records)
        self._waiting = np.concatenate([self._waiting, records])
        self._write_blocks(len(self._waiting) // _RECORDS * _RECORDS)

    def _write_blocks(self, count: int) -> None:
        """So many of the records that wait, in blocks."""
        ready, self._waiting = self._waiting[:count], self._waiting[count:]
        begins = range(0, len(ready), _RECORDS)
        contents = [deflate(ready[begin : begin + _RECORDS]) for begin in begins]
        first, last = ready[::_RECORDS], ready[[min(b + _RECORDS, len(ready)) - 1 for b in begins]]
        places = (first["chrom"], first["start"], last["chrom"], last["end"])
        self._blocks.append(blocks_of(places, contents, self._file.tell()))
        self._file.writelines(contents)


def add_to_levels(levels: Sequence[Level], records: Records) -> None:
    """Records of the first level's bins, to it and on to the wider ones."""
    for level in levels:
        if len(records):
            records = level.add(records)


def finish_levels(levels: Sequence[Level], file: BinaryIO) -> list[tuple[int, int, int, int]]:
    """Write the levels as long as each has at most half the records of the one before."""
    for number, level in enumerate(levels):
        last = level.finish()
        add_to_levels(levels[number + 1 :], last)
    worth = [level for level in levels[:1] if level.records]
    for level in levels[1:]:
        if not worth or 2 * level.records > worth[-1].records:
            break
        worth.append(level)
    return [level.write(file) for level in worth]


@contextmanager
def new_levels(folder: Path) -> Iterator[list[Level]]:
    """Those of a file in this folder, from the finest, with their own files for as long as the block runs."""
    with ExitStack() as stack:
        files = [stack.enter_context(tempfile.TemporaryFile(dir=folder)) for _ in range(MOST_LEVELS)]
        yield [Level(_FIRST * _NEXT**number, file) for number, file in enumerate(files)]


def first_records(stretches: Stretches, squares: npt.NDArray[np.float64]) -> Records:
    """Sorted stretches, whose values have these squares, in bins of the first level; a bin may come twice."""
    chrom, start, length, values = stretches
    bins = start // _FIRST
    counts = (start + length - 1) // _FIRST - bins + 1
    of = np.repeat(np.arange(len(start)), counts)
    edge = _FIRST * (np.arange(len(of)) + np.repeat(bins - (np.cumsum(counts) - counts), counts))
    begin = np.maximum(edge, start[of])
    end = np.minimum(edge + _FIRST, (start + length)[of])
    first = begin + np.repeat(np.cumsum(length) - length - start, counts)
    records = np.empty(len(of), Record)
    for name, column in (("chrom", chrom[of]), ("start", begin), ("end", end), ("count", end - begin)):
        records[name] = column
    records["least"], records["most"] = (f.reduceat(values, first) for f in (np.minimum, np.maximum))
    with np.errstate(over="ignore", under="ignore"):
        records["total"], records["squares"] = (np.add.reduceat(v, first) for v in (values, squares))
    return records


def _binned(records: Records, reduction: int) -> Records:
    """Sorted records put together in bins of `reduction` bases, each from its first base to its last."""
    chrom, bins = records["chrom"], records["start"] // reduction
    new = np.ones(len(records), bool)
    new[1:] = (chrom[1:] != chrom[:-1]) | (bins[1:] != bins[:-1])
    if new.all():
        return records
    first = np.flatnonzero(new)
    merged = records[first]
    merged["end"] = records["end"][np.append(first[1:], len(records)) - 1]
    merged["count"] = np.add.reduceat(records["count"], first)
    merged["least"] = np.minimum.reduceat(records["least"], first)
    merged["most"] = np.maximum.reduceat(records["most"], first)
    with np.errstate(over="ignore", under="ignore"):
        for name in ("total", "squares"):
            merged[name] = np.add.reduceat(records[name].astype(np.float64), first)
    return merged
