"""BED, narrowPeak and chromosome sizes."""

from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, overload

import numpy as np

from seqattr.dna.places import Places
from seqattr.dna.regions import Region
from seqattr.errors import InputError, OutputError
from seqattr.io.atomic import replacing
from seqattr.io.bed_lines import Fields, common_line, names_columns, region_of, whole_number
from seqattr.io.reading import text_lines
from seqattr.support.packed import Numbering, TextsBuilder, column

_LINES_AT_ONCE = 1 << 12
_REASONS = 256  # that many lines are likely to share
_NOT_DATA = ("#", "track ", "track\t", "browser ", "browser\t")


class OddLine(NamedTuple):
    """A line that is no region: which, and why."""

    where: str
    reason: str


class OddLines(Sequence[OddLine]):
    """Lines that are no region, of which a file may have as many as it has lines."""

    def __init__(self, path: Path | str) -> None:
        self._path, self._numbers, self._reasons = path, array("q"), TextsBuilder(kept_once=_REASONS)

    def add(self, number: int, reason: str) -> None:
        """A line's number from 1, and what it is instead."""
        self._numbers.append(number)
        self._reasons.add(reason)

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, row: int) -> OddLine: ...
    @overload
    def __getitem__(self, row: slice) -> list[OddLine]: ...
    def __getitem__(self, row: int | slice) -> "OddLine | list[OddLine]":
        if isinstance(row, slice):
            return [self[number] for number in range(len(self))[row]]
        return OddLine(f"line {self._numbers[row]} of {self._path}", self._reasons[row])


class Regions(NamedTuple):
    """What a BED file holds: regions in file order, lines that are none, and how its lines were read."""

    regions: Places
    odd: Sequence[OddLine]
    notes: list[str]


class _Columns:
    """The regions of a file, line by line."""

    def __init__(self) -> None:
        self._chroms, self._names = Numbering(), TextsBuilder()
        self._chrom, self._start, self._end, self._offset = array("i"), array("q"), array("q"), array("q")
        self._minus = bytearray()

    def __len__(self) -> int:
        return len(self._chrom)

    def add(self, fields: Fields) -> None:
        chrom, start, end, name, minus, offset = fields
        self._chrom.append(self._chroms.number(chrom))
        self._start.append(start)
        self._end.append(end)
        self._offset.append(offset)
        self._names.add(name)
        self._minus.append(minus)

    def places(self) -> Places:
        chrom, start, end, offset = map(column, (self._chrom, self._start, self._end, self._offset))
        minus = np.frombuffer(self._minus, bool)
        return Places(self._chroms.texts(), chrom, start, end, self._names.finish(), minus, offset)


def read_bed(path: Path | str) -> list[Region]:
    """The regions of a BED file, as `parse_bed` has them; raises InputError at a line that is no region."""
    content = parse_bed(path)
    for line in content.odd[:1]:
        raise InputError(f"{line.where} {line.reason}")
    return list(content.regions)


def parse_bed(path: Path | str) -> Regions:
    """The regions of a BED file of 3 columns or more, plain or gzip, in file order.

    A line whose first ten columns are a narrowPeak's, whatever follows them, has its summit in the tenth:
    the distance from the start, -1 where unknown. A BED12 line has none. A strand other than '-' counts as
    '+'. Names of columns in the first line are passed over. Raises InputError where the file holds no line
    of data.
    """
    regions, odd = _Columns(), OddLines(path)
    notes: list[str] = []
    forms: Counter[str] = Counter()
    for number, line in _data_lines(path):
        fields, form = common_line(line), ""
        if fields is None:
            columns = line.rstrip().split("\t") if "\t" in line else line.split()
            if not (regions or odd or notes) and names_columns(columns):
                notes.append(f"line {number} of {path} names columns ({' '.join(columns[:3])} ...)")
                continue
            try:
                fields, form = _fields_of(columns)
            except InputError as error:
                odd.add(number, str(error))
                continue
        regions.add(fields)
        if form:
            forms[form] += 1
    if not (regions or odd):
        raise InputError(f"{path} holds no regions; a BED file was expected")
    notes += [f"{count} lines of {path}: {form}" for form, count in forms.items()]
    return Regions(regions.places(), odd, notes)


def _data_lines(path: Path | str) -> Iterator[tuple[int, str]]:
    return (line for line in text_lines(path, "BED") if not line[1].startswith(_NOT_DATA))


def _fields_of(columns: Sequence[str]) -> tuple[Fields, str]:
    region, form = region_of(columns)
    offset = -1 if region.summit_offset is None else region.summit_offset
    return (region.chrom, region.start, region.end, region.name, region.strand == "-", offset), form


def write_regions(path: Path | str, regions: Sequence[Region]) -> None:
    """Write regions in their order as narrowPeak (10 columns), which is valid BED too, some at a time.

    A start before the chromosome's is written as 0, and column 10 still points to the same base. Raises
    OutputError where the file cannot be written or a region has no base on its chromosome.
    """
    places = Places.of(regions)
    with replacing(path) as part, open(part, "w", encoding="utf-8", newline="\n") as file:
        for first in range(0, len(places), _LINES_AT_ONCE):
            file.writelines(_narrowpeak(path, places[first : first + _LINES_AT_ONCE]))


def _narrowpeak(path: Path | str, regions: Places) -> Iterator[str]:
    """The lines of regions."""
    start, end = np.maximum(regions.start, 0), regions.end
    for row in np.flatnonzero(end <= start)[:1].tolist():
        raise OutputError(f"cannot write {path}: region {regions[row]} has no base on its chromosome")
    peaks = (np.clip(regions.summit, start, end - 1) - start).tolist()
    chroms = (regions.chroms[number] for number in regions.chrom.tolist())
    names = ("_".join(name.split()) or "." for name in regions.names)
    strands = np.where(regions.minus, "-", "+").tolist()
    columns = (chroms, start.tolist(), end.tolist(), names, strands, peaks)
    for chrom, begin, stop, name, strand, peak in zip(*columns, strict=True):
        yield f"{chrom}\t{begin}\t{stop}\t{name}\t0\t{strand}\t0\t-1\t-1\t{peak}\n"


def read_chrom_sizes(path: Path | str) -> dict[str, int]:
    """Chromosome -> size in bases, in file order; further columns (a .fai index) are passed over.

    Raises InputError for a line without a name and a size above 0, a repeated name, or an empty file.
    """
    sizes: dict[str, int] = {}
    for number, line in text_lines(path, "chromosome-sizes"):
        if not line.startswith("#"):
            try:
                name, size = _chrom_size(line)
            except InputError as error:
                raise InputError(f"line {number} of {path} {error}") from error
            if name in sizes:
                raise InputError(f"line {number} of {path} repeats the chromosome '{name}'")
            sizes[name] = size
    if not sizes:
        raise InputError(f"{path} holds no chromosome sizes; expected lines of a name and a size")
    return sizes


def _chrom_size(line: str) -> tuple[str, int]:
    columns = line.split()
    if len(columns) < 2:
        raise InputError("has one column; a chromosome's name and size were expected")
    size = whole_number(columns[1])
    if size < 1:
        raise InputError(f"gives '{columns[0]}' the size {size}; a size is at least 1")
    return columns[0], size
