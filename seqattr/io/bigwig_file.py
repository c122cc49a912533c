"""A bigWig file, after Kent et al. 2010 (Bioinformatics 26, 2204): header, sections of values, indexes.

It takes time in proportion to bases and chromosomes, and memory in proportion to sections and chromosomes.
"""

import struct
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import numpy as np
import numpy.typing as npt

from seqattr.io.bigwig_index import Block, Blocks, blocks_of, write_chromosomes, write_index
from seqattr.io.bigwig_values import Stretches
from seqattr.io.bigwig_zoom import (
    LARGEST_BLOCK,
    MOST_LEVELS,
    Summary,
    add_to_levels,
    finish_levels,
    first_records,
    new_levels,
)
from seqattr.io.deflate import deflate, stored

_MAGIC, _VERSION = 0x888FFC26, 4
_HEADER, _ZOOM_HEADER = "<IHHQQQHHQQIQ", "<IIQQ"
_FIXED_STEP = 3
_SECTION_VALUES = 8192
_REPEATS = 1 / 8  # of the values that repeat the one before, from which on deflating pays: else it saves 8 %

_Section = np.dtype(
    [
        *((name, "<u4") for name in ("chrom", "start", "end", "step", "span")),
        *(("kind", "u1"), ("reserved", "u1"), ("count", "<u2")),
    ]
)  # the head of one
_HEAD = _Section.itemsize


class BigWigFile:
    """Context manager that writes a bigWig file: values are added in order, then it is finished."""

    def __init__(self, path: Path, sizes: Mapping[str, int]) -> None:
        self._path, self._sizes = path, sizes
        self._stack = ExitStack()
        self._summary = Summary()
        self._blocks: list[Blocks] = []  # of the sections

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._file: BinaryIO = stack.enter_context(open(self._path, "wb"))
            self._levels = stack.enter_context(new_levels(self._path.parent))
            self._begin()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._stack:
            if error is None:
                self._finish()

    def add(self, stretches: Stretches) -> None:
        """Sorted stretches without gaps, behind all that were added before."""
        if len(stretches.values):
            with np.errstate(over="ignore", under="ignore"):
                squares = np.square(stretches.values, dtype=np.float64)
            self._summary.add(stretches.values, squares)
            add_to_levels(self._levels, first_records(stretches, squares))
            self._write_sections(stretches)

    def _write_sections(self, stretches: Stretches) -> None:
        heads, first = _sections(stretches)
        contents = _contents(heads, first, stretches.values)
        places = [heads[name] for name in ("chrom", "start", "chrom", "end")]
        self._blocks.append(blocks_of(places, contents, self._file.tell()))
        self._file.writelines(contents)

    def _begin(self) -> None:
        """Room for the header, and the chromosomes."""
        self._file.write(bytes(struct.calcsize(_HEADER) + MOST_LEVELS * struct.calcsize(_ZOOM_HEADER)))
        self._summary_at = self._file.tell()
        self._file.write(self._summary.packed())
        self._tree_at = self._file.tell()
        write_chromosomes(self._file, self._sizes)
        self._data_at = self._file.tell()
        self._file.write(bytes(8))

    def _finish(self) -> None:
        blocks = np.concatenate([np.zeros(0, Block), *self._blocks])
        index_at = self._file.tell()
        write_index(self._file, blocks, 1)
        levels = finish_levels(self._levels, self._file)
        self._file.write(struct.pack("<I", _MAGIC))
        largest = max(_Section.itemsize + 4 * _SECTION_VALUES, LARGEST_BLOCK)
        offsets = (self._tree_at, self._data_at, index_at)
        header = (_MAGIC, _VERSION, len(levels), *offsets, 0, 0, 0, self._summary_at, largest, 0)
        self._file.seek(0)
        self._file.write(struct.pack(_HEADER, *header))
        for level in levels:
            self._file.write(struct.pack(_ZOOM_HEADER, *level))
        self._file.seek(self._summary_at)
        self._file.write(self._summary.packed())
        self._file.seek(self._data_at)
        self._file.write(struct.pack("<Q", len(blocks)))


def _sections(stretches: Stretches) -> tuple[npt.NDArray[np.void], npt.NDArray[np.int64]]:
    """The heads of sections of neighbouring bases, and where among the values each begins."""
    chrom, start, length, _ = stretches
    counts = -(-length // _SECTION_VALUES)
    of = np.repeat(np.arange(len(start)), counts)
    within = _SECTION_VALUES * (np.arange(len(of)) - np.repeat(np.cumsum(counts) - counts, counts))
    heads = np.zeros(len(of), _Section)
    heads["chrom"], heads["start"] = chrom[of], start[of] + within
    heads["count"] = np.minimum(length[of] - within, _SECTION_VALUES)
    heads["end"] = heads["start"] + heads["count"]
    heads["step"], heads["span"], heads["kind"] = 1, 1, _FIXED_STEP
    return heads, (np.cumsum(length) - length)[of] + within


def _contents(
    heads: npt.NDArray[np.void], first: npt.NDArray[np.int64], values: npt.NDArray[np.float32]
) -> list[bytes]:
    """The sections as zlib streams: of values of which few are alike as they are, of others deflated."""
    data, head = values.astype("<f4", copy=False).tobytes(), heads.tobytes()
    count = heads["count"].astype(np.int64)
    repeats = np.append(values[1:] == values[:-1], False)
    alike = np.add.reduceat(repeats, first, dtype=np.int64)
    plain = alike < _REPEATS * count
    contents = []
    for number, (is_plain, begin, size) in enumerate(
        zip(plain.tolist(), first.tolist(), count.tolist(), strict=True)
    ):
        content = head[_HEAD * number : _HEAD * (number + 1)] + data[4 * begin : 4 * (begin + size)]
        contents.append(stored(content) if is_plain else deflate(content))
    return contents
