"""Where rows lie, so that bases that several of them hold count once, and what is no base not at all.

Rows overlap where their regions do, or, where those are not known, where they hold the same bases throughout.
"""

from bisect import bisect
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import groupby
from typing import NamedTuple

import numpy as np

from seqattr.dna.alphabet import UNKNOWN, reverse_complement_codes
from seqattr.dna.overlaps import cut
from seqattr.dna.regions import Region, parse_header
from seqattr.errors import InputError


class Extent(NamedTuple):
    """What is to be known of a row's codes (L,)."""

    first: int  # base
    end: int  # of the last base
    bases: int  # how many there are between them
    content: bytes  # the same for the reverse complement
    turned: bool  # whether it is that of the reverse complement


@dataclass(frozen=True, eq=False)
class Loci:
    """Where N rows of `length` bases lie.

    Rows of one `layer` lie on one sequence; those that overlap are in one `block`, and so are the layers of
    rows with one place but different bases. All arrays are (N,).
    """

    length: int
    block: np.ndarray
    layer: np.ndarray
    start: np.ndarray  # of the row, which may begin before its first base
    turned: np.ndarray  # whether the row runs backwards
    first: np.ndarray  # the row's first base, in the row
    end: np.ndarray  # of its last base
    bases: np.ndarray  # how many there are between them

    def __len__(self) -> int:
        return len(self.block)

    def place(self, row: np.ndarray, start: np.ndarray, width: int | np.ndarray) -> np.ndarray:
        """Where stretches [start, start + width) of rows begin on their layers."""
        other = self.length - start - width
        begin: np.ndarray = self.start[row] + np.where(self.turned[row], other, start)
        return begin

    def counting_starts(self, width: int) -> np.ndarray:
        """The starts [first, end) in each row (N, 2) of the stretches of a width that count in this row.

        Each stretch of bases counts in one of the rows that hold it: the one in whose middle it lies most.
        """
        low, high = self._span()
        high = np.maximum(high - width + 1, low)
        for rows in self._overlapping():
            some = rows[high[rows] > low[rows]]
            some = some[np.lexsort((high[some], low[some], self.layer[some]))]
            middle = (low[some] + high[some]) // 2
            low[some], high[some] = cut(self.layer[some], low[some], high[some], middle)
        begin = np.where(self.turned, self.start + self.length - width - high + 1, low - self.start)
        return np.stack([begin, begin + high - low], axis=1)

    def counts(self, row: np.ndarray, start: np.ndarray, width: np.ndarray) -> np.ndarray:
        """Which stretches [start, start + width) of rows count in their row."""
        return counted(self.counting_starts, row, start, width)

    def clusters(self, row: np.ndarray, start: np.ndarray, width: np.ndarray) -> np.ndarray:
        """A number for each stretch, the same for those that hang together.

        They do in one block; long ones, as of a whole chromosome in overlapping tiles, are cut into parts at
        least twice as long as the rows.
        """
        low, high = self._span()
        count = self.block.max(initial=-1) + 1
        begin, end = np.full(count, low.max(initial=0)), np.full(count, high.min(initial=0))
        np.minimum.at(begin, self.block, low)
        np.maximum.at(end, self.block, high)
        extent = np.maximum(end - begin, 1)
        parts = np.maximum(extent // max(1, 2 * int((high - low).max(initial=0))), 1)
        blocks = self.block[row]
        middle = self.place(row, start, width) + width // 2 - begin[blocks]
        part = np.clip(middle * parts[blocks] // extent[blocks], 0, parts[blocks] - 1)
        numbers: np.ndarray = np.concatenate([[0], parts.cumsum()])[blocks] + part
        return numbers

    def apart(self, row: np.ndarray, start: np.ndarray, width: int) -> Iterator[int]:
        """The numbers of the stretches, in their order, that overlap with none before them."""
        taken: dict[int, list[int]] = {}
        begins = self.place(row, start, width)
        for number, (layer, begin) in enumerate(zip(self.layer[row].tolist(), begins.tolist(), strict=True)):
            others = taken.setdefault(layer, [])
            at = bisect(others, begin)
            if all(abs(other - begin) >= width for other in others[max(at - 1, 0) : at + 1]):
                others.insert(at, begin)
                yield number

    @property
    def overlapping_rows(self) -> int:
        """How many rows hold bases that another one holds too."""
        return sum(len(rows) for rows in self._overlapping())

    def _span(self) -> tuple[np.ndarray, np.ndarray]:
        """From the first base to the last of each row, on its layer."""
        low = np.where(self.turned, self.length - self.end, self.first) + self.start
        return low, low + self.end - self.first

    def _overlapping(self) -> list[np.ndarray]:
        """The rows of each block that has several."""
        order = np.argsort(self.block, kind="stable")
        groups = np.split(order, np.flatnonzero(np.diff(self.block[order])) + 1) if len(self) else []
        return [rows for rows in groups if len(rows) > 1]


def loci_of(blocks: Iterable[np.ndarray], regions: Sequence[Region]) -> Loci:
    """Where rows lie, from their codes (B, L) a block at a time and all their regions.

    Raises InputError where there is not one region for each row.
    """
    length, extents = 0, list[Extent]()
    for codes in blocks:
        length = codes.shape[1]
        extents += map(extent_of, codes)
    if len(extents) != len(regions):
        raise InputError(f"there are {len(regions)} regions for {len(extents)} sequences")
    placed = [_place_of(region, extent, length) for region, extent in zip(regions, extents, strict=True)]
    names, starts, turned = zip(*placed, strict=True) if placed else ((), (), ())
    first, end, bases = (
        np.array([getattr(extent, name) for extent in extents], np.int64) for name in Extent._fields[:3]
    )
    start, backwards = np.array(starts, np.int64), np.array(turned, bool)
    low = start + np.where(backwards, length - end, first)
    high = low + end - first
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    chrom = np.array([numbers[name] for name in names], np.int64)
    block = _blocks(chrom, low, high)
    layer = _layers(chrom, low, high, [extent.content for extent in extents])
    return Loci(length, block, layer, start, backwards, first, end, bases)


def counted_codes(codes: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Codes (B, L), N where a base counts in another row; `starts` (B, 2) are the `counting_starts` of 1."""
    return np.where(positions_in(starts, codes.shape[1]), codes, UNKNOWN).astype(codes.dtype)


def positions_in(bounds: np.ndarray, length: int) -> np.ndarray:
    """Which positions (B, length) of rows lie in their bounds [first, end), (B, 2)."""
    begin, end = bounds.T[:, :, None]
    position = np.arange(length)
    inside: np.ndarray = (begin <= position) & (position < end)
    return inside


def extent_of(codes: np.ndarray) -> Extent:
    """Of one row's codes (L,)."""
    known = np.flatnonzero(codes != UNKNOWN)
    first, end = (int(known[0]), int(known[-1]) + 1) if len(known) else (0, 0)
    forward = np.ascontiguousarray(codes[first:end])
    texts = forward.tobytes(), reverse_complement_codes(forward).tobytes()
    return Extent(first, end, len(known), blake2b(min(texts), digest_size=16).digest(), texts[1] < texts[0])


def _place_of(region: Region, extent: Extent, length: int) -> tuple[str | bytes, int, bool]:
    """The sequence on which a row lies, where the row begins there, and whether it runs backwards.

    A record that is its own chromosome lies where its header says, else on the sequence that it is.
    """
    if region.chrom != region.name:
        return region.chrom, region.start, region.strand == "-"
    # The record is as long as the row, or was padded or cropped around its middle.
    lengths = (length + 2 * region.start + more for more in (0, -1, 1))
    header = next(filter(None, (parse_header(region.name, size) for size in lengths)), None)
    if header is None:
        start = extent.end - length if extent.turned else -extent.first
        return extent.content, start, extent.turned
    if header.strand == "-":
        return header.chrom, header.end - region.start - length, True
    return header.chrom, header.start + region.start, False


def _blocks(chrom: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Numbers (N,) that are the same for the stretches [low, high) that hang together on a chromosome."""
    block = np.empty(len(chrom), np.int64)
    number, reached, on = -1, 0, -1
    for row in np.lexsort((low, chrom)).tolist():
        if chrom[row] != on or low[row] >= reached:
            number, reached, on = number + 1, high[row], chrom[row]
        block[row], reached = number, max(reached, high[row])
    return block


def _layers(chrom: np.ndarray, low: np.ndarray, high: np.ndarray, contents: Sequence[bytes]) -> np.ndarray:
    """Numbers (N,) of the sequences that rows lie on: those of one place with other bases are on others."""
    keys = list(zip(chrom.tolist(), low.tolist(), high.tolist(), strict=True))
    layer = np.empty(len(keys), np.int64)
    numbers: dict[tuple[int, int], int] = {}
    order = sorted(range(len(keys)), key=keys.__getitem__)
    for key, rows in groupby(order, key=keys.__getitem__):
        ranks: dict[bytes, int] = {}
        for row in rows:
            rank = ranks.setdefault(contents[row], len(ranks))
            layer[row] = numbers.setdefault((key[0], rank), len(numbers))
    return layer


def counted(
    starts: Callable[[int], np.ndarray], row: np.ndarray, start: np.ndarray, width: np.ndarray
) -> np.ndarray:
    """Which stretches [start, start + width) of rows (K,) count, by the `counting_starts` of a width."""
    counts = np.zeros(len(row), bool)
    for one_width in np.unique(width).tolist():
        some = np.flatnonzero(width == one_width)
        begin, end = starts(one_width)[row[some]].T
        counts[some] = (begin <= start[some]) & (start[some] < end)
    return counts
