"""The parts of a bigWig file, after Kent et al. 2010 (Bioinformatics 26, 2204): data, zoom levels, indexes.

All of it takes time in proportion to the bases and the chromosomes; what is written again into zoom levels
waits in a temporary file. Numbers are little-endian.
"""

import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt

_MAGIC, _VERSION = 0x888FFC26, 4
_TREE_MAGIC, _INDEX_MAGIC = 0x78CA8C91, 0x2468ACE0
_HEADER, _ZOOM_HEADER, _SUMMARY = "<IHHQQQHHQQIQ", "<IIQQ", "<Qdddd"
_FIXED_STEP = 3
_FAN = 256  # children of a node of an index
_SECTION_VALUES = 8192
_LEVEL = 1  # of zlib: others are hardly smaller on such numbers, and slow
_MOST_LEVELS = 10
_FIRST_ZOOM, _NEXT_ZOOM = (
    32,
    4,
)  # bases of a record of the first zoom level, and how many times more of the next
_RECORDS = 512  # of a zoom level in a block
_RECORDS_AT_ONCE = 1 << 16

Record = np.dtype(
    [
        *((name, "<u4") for name in ("chrom", "start", "end", "count")),
        *((name, "<f4") for name in ("least", "most", "total", "squares")),
    ]
)
Records = npt.NDArray[np.void]


class Block(NamedTuple):
    """Where a compressed block lies, and from where to where on the genome its data do."""

    first_chrom: int
    start: int
    last_chrom: int
    end: int
    offset: int
    size: int


class Summary:
    """Of all values: how many, the least and the most, and the sums of them and of their squares."""

    def __init__(self) -> None:
        self.count, self.total, self.squares = 0, 0.0, 0.0
        self.least, self.most = np.inf, -np.inf

    def add(self, values: npt.NDArray[np.float32]) -> None:
        wide = values.astype(np.float64)
        self.count += len(values)
        self.least, self.most = min(self.least, wide.min()), max(self.most, wide.max())
        self.total, self.squares = self.total + wide.sum(), self.squares + np.square(wide).sum()

    def packed(self) -> bytes:
        least, most = (self.least, self.most) if self.count else (0.0, 0.0)
        return struct.pack(_SUMMARY, self.count, least, most, self.total, self.squares)


class Writer:
    """A new bigWig file: values are added in order, then it is finished. `spool` is an empty scratch file."""

    def __init__(self, file: BinaryIO, spool: BinaryIO, sizes: Mapping[str, int]) -> None:
        self._file = file
        self._zoom = Zoom(spool)
        self._sections: list[Block] = []
        file.write(bytes(struct.calcsize(_HEADER) + _MOST_LEVELS * struct.calcsize(_ZOOM_HEADER)))
        self._summary_at = file.tell()
        file.write(Summary().packed())
        self._tree_at = file.tell()
        write_chromosomes(file, sizes)
        self._data_at = file.tell()
        file.write(struct.pack("<Q", 0))

    def add(self, chrom: int, start: int, values: npt.NDArray[np.float32]) -> None:
        """Values of neighbouring bases, behind all that were added before."""
        self._zoom.add(chrom, start, values)
        for first in range(0, len(values), _SECTION_VALUES):
            part = values[first : first + _SECTION_VALUES]
            begin, end = start + first, start + first + len(part)
            head = struct.pack("<IIIIIBBH", chrom, begin, end, 1, 1, _FIXED_STEP, 0, len(part))
            block = zlib.compress(head + part.astype("<f4").tobytes(), _LEVEL)
            self._sections.append(Block(chrom, begin, chrom, end, self._file.tell(), len(block)))
            self._file.write(block)

    def finish(self) -> None:
        index_at = self._file.tell()
        write_index(self._file, self._sections, 1)
        levels = list(self._zoom.write_levels(self._file))
        self._file.write(struct.pack("<I", _MAGIC))
        largest = max(struct.calcsize("<IIIIIBBH") + 4 * _SECTION_VALUES, Record.itemsize * _RECORDS)
        offsets = (self._tree_at, self._data_at, index_at)
        self._file.seek(0)
        self._file.write(
            struct.pack(
                _HEADER, _MAGIC, _VERSION, len(levels), *offsets, 0, 0, 0, self._summary_at, largest, 0
            )
        )
        for reduction, data_at, level_at in levels:
            self._file.write(struct.pack(_ZOOM_HEADER, reduction, 0, data_at, level_at))
        self._file.seek(self._summary_at)
        self._file.write(self._zoom.summary.packed())
        self._file.seek(self._data_at)
        self._file.write(struct.pack("<Q", len(self._sections)))


# --- chromosomes -----------------------------------------------------------------------------------


def write_chromosomes(file: BinaryIO, sizes: Mapping[str, int]) -> None:
    """The tree of names, in their order; a name's number is its place in it."""
    names = [name.encode() for name in sizes]
    width, fan = max(map(len, names)), max(2, min(_FAN, len(names)))
    file.write(struct.pack("<IIIIQQ", _TREE_MAGIC, fan, width, 8, len(names), 0))
    leaves = [
        name.ljust(width, b"\0") + struct.pack("<II", number, size)
        for number, (name, size) in enumerate(zip(names, sizes.values(), strict=True))
    ]
    levels = [leaves]  # from the leaves up: of each node of the level below its first name
    firsts = names[::fan]
    while len(levels[-1]) > fan:
        levels.append([name.ljust(width, b"\0") for name in firsts])
        firsts = firsts[::fan]
    write_nodes(file, levels, fan, width + 8, width + 8)


def write_nodes(
    file: BinaryIO, levels: Sequence[Sequence[bytes]], fan: int, leaf_item: int, inner_item: int
) -> None:
    """The nodes of a tree, from the root down: `levels` are the items from the leaves up, those of inner
    nodes without the offset of their child. All nodes of a level have one size.
    """
    at = file.tell()
    for height in reversed(range(len(levels))):
        items, size = levels[height], 4 + fan * (inner_item if height else leaf_item)
        nodes = -(-len(items) // fan) or 1
        below = at + nodes * size
        child = 4 + fan * (inner_item if height > 1 else leaf_item)
        for node in range(nodes):
            own = items[node * fan : (node + 1) * fan]
            if height:
                first = node * fan
                own = [item + struct.pack("<Q", below + (first + i) * child) for i, item in enumerate(own)]
            content = struct.pack("<BBH", not height, 0, len(own)) + b"".join(own)
            file.write(content.ljust(size, b"\0"))
        at = below


def write_index(file: BinaryIO, blocks: Sequence[Block], per_block: int) -> None:
    """The tree that finds the blocks of a place on the genome."""
    places = np.array([block[:4] for block in blocks], np.uint32).reshape(-1, 4)
    whole = spans(places, max(1, len(places)))[0] if len(places) else np.zeros(4, np.uint32)
    start = (_INDEX_MAGIC, _FAN, len(blocks), *whole.tolist(), file.tell(), per_block, 0)
    file.write(struct.pack("<IIQIIIIQII", *start))
    levels = [[struct.pack("<IIIIQQ", *block) for block in blocks]]
    while len(levels[-1]) > _FAN:
        places = spans(places, _FAN)
        levels.append([struct.pack("<IIII", *place) for place in places.tolist()])
    write_nodes(file, levels, _FAN, 32, 24)


def spans(places: npt.NDArray[np.uint32], count: int) -> npt.NDArray[np.uint32]:
    """What each `count` of sorted places (n, 4), of which none overlaps another, cover together."""
    last = places[[min(i + count, len(places)) - 1 for i in range(0, len(places), count)]]
    return np.concatenate([places[::count, :2], last[:, 2:]], axis=1)


# --- zoom levels -----------------------------------------------------------------------------------


class Zoom:
    """Values as they come, summed up over all and over bins, on the way to zoom levels."""

    def __init__(self, spool: BinaryIO) -> None:
        self.summary = Summary()
        self._spool = spool
        self._waiting: list[tuple[int, int, npt.NDArray[np.float32]]] = []
        self._values = 0
        self._left = np.zeros(0, Record)  # the last bin, of which more may come

    def add(self, chrom: int, start: int, values: npt.NDArray[np.float32]) -> None:
        self._waiting.append((chrom, start, values))
        self._values += len(values)
        if self._values >= _RECORDS_AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        if not self._waiting:
            return
        records = singles(self._waiting)
        self.summary.add(records["total"])
        merged = binned(np.concatenate([self._left, records]), _FIRST_ZOOM)
        self._left = merged[-1:]
        self._spool.write(merged[:-1].tobytes())
        self._waiting, self._values = [], 0

    def write_levels(self, file: BinaryIO) -> Iterator[tuple[int, int, int]]:
        """Write one level after the other; of each the bases of a bin, and where its data and index lie."""
        self._flush()
        self._spool.write(self._left.tobytes())
        reduction, records = _FIRST_ZOOM, self._spool.tell() // Record.itemsize
        for _ in range(_MOST_LEVELS if records else 0):
            data_at = file.tell()
            blocks = list(self._write_blocks(file, records))
            index_at = file.tell()
            write_index(file, blocks, _RECORDS)
            yield reduction, data_at, index_at
            reduction *= _NEXT_ZOOM
            before, records = records, self._coarsen(records, reduction)
            if 2 * records > before:
                return

    def _write_blocks(self, file: BinaryIO, records: int) -> Iterator[Block]:
        file.write(struct.pack("<I", records))
        for chunk in self._chunks(records):
            for first in range(0, len(chunk), _RECORDS):
                part = chunk[first : first + _RECORDS]
                content = zlib.compress(part.tobytes(), _LEVEL)
                (chrom, start), (last, end) = part[0].item()[:2], (part[-1]["chrom"], part[-1]["end"])
                yield Block(chrom, start, int(last), int(end), file.tell(), len(content))
                file.write(content)

    def _chunks(self, records: int) -> Iterator[Records]:
        """The records of the spool; where it is written meanwhile, that is before what is yet to be read."""
        for first in range(0, records, _RECORDS_AT_ONCE):
            self._spool.seek(first * Record.itemsize)
            size = min(_RECORDS_AT_ONCE, records - first) * Record.itemsize
            yield np.frombuffer(self._spool.read(size), Record)

    def _coarsen(self, records: int, reduction: int) -> int:
        """Bring the spool to wider bins, in its place; how many records are left."""
        left, written = np.zeros(0, Record), 0
        for chunk in self._chunks(records):
            merged = binned(np.concatenate([left, chunk]), reduction)
            left, ready = merged[-1:], merged[:-1]
            self._spool.seek(written * Record.itemsize)
            self._spool.write(ready.tobytes())
            written += len(ready)
        self._spool.seek(written * Record.itemsize)
        self._spool.write(left.tobytes())
        return written + len(left)


def singles(stretches: Sequence[tuple[int, int, npt.NDArray[np.float32]]]) -> Records:
    """One record of one base for each value of stretches (chromosome, start, values)."""
    chroms, starts, values = zip(*stretches, strict=True)
    lengths = np.array([len(each) for each in values])
    records = np.empty(lengths.sum(), Record)
    shift = np.array(starts) - (np.cumsum(lengths) - lengths)
    records["chrom"], records["count"] = np.repeat(chroms, lengths), 1
    records["start"] = np.arange(len(records)) + np.repeat(shift, lengths)
    records["end"] = records["start"] + 1
    records["least"] = records["most"] = records["total"] = np.concatenate(values)
    with np.errstate(over="ignore", under="ignore"):
        records["squares"] = np.square(records["total"])
    return records


def binned(records: Records, reduction: int) -> Records:
    """Sorted records put together in bins of `reduction` bases, each from its first base to its last."""
    if not len(records):
        return records
    chrom, bins = records["chrom"], records["start"] // reduction
    firsts = np.flatnonzero(np.r_[True, (chrom[1:] != chrom[:-1]) | (bins[1:] != bins[:-1])])
    merged = np.empty(len(firsts), Record)
    merged["chrom"], merged["start"] = chrom[firsts], records["start"][firsts]
    merged["end"] = records["end"][np.r_[firsts[1:], len(records)] - 1]
    merged["count"] = np.add.reduceat(records["count"], firsts)
    merged["least"] = np.minimum.reduceat(records["least"], firsts)
    merged["most"] = np.maximum.reduceat(records["most"], firsts)
    with np.errstate(over="ignore", under="ignore"):
        for name in ("total", "squares"):
            merged[name] = np.add.reduceat(records[name].astype(np.float64), firsts)
    return merged
