"""BED, narrowPeak and chromosome sizes."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from seqattr.dna.regions import Columns, Region, place_of
from seqattr.errors import InputError, OutputError
from seqattr.io.atomic import replacing
from seqattr.io.foreign import MINUS_ONE
from seqattr.io.reading import text_lines

_NARROWPEAK_COLUMNS = 10
_LINES_AT_ONCE = 1 << 12
_BED12_COLUMNS = 12
_NOT_DATA = ("#", "track ", "track\t", "browser ", "browser\t")
_STRANDS = ("+", "-", ".")
_WHOLE = re.compile(r"[-+]?[0-9]{1,18}")
_NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?|[-+]?(inf|Inf|nan|NaN)|\.")
_WITH_SUMMIT = "a narrowPeak in the first ten columns, with its summit"
_COLOUR = re.compile(r"0|[0-9]{1,3},[0-9]{1,3},[0-9]{1,3}")


class OddLine(NamedTuple):
    """A line that is no region: which, and why."""

    where: str
    reason: str


class Regions(NamedTuple):
    """What a BED file holds: regions in file order, lines that are none, and how its lines were read."""

    regions: list[Region]
    odd: list[OddLine]
    notes: list[str]


def read_bed(path: Path | str) -> list[Region]:
    """The regions of a BED file, as `parse_bed` has them; raises InputError at a line that is no region."""
    content = parse_bed(path)
    for line in content.odd:
        raise InputError(f"{line.where} {line.reason}")
    return content.regions


def parse_bed(path: Path | str) -> Regions:
    """The regions of a BED file of 3 columns or more, plain or gzip, in file order.

    A line whose first ten columns are a narrowPeak's, whatever follows them, has its summit in the tenth:
    the distance from the start, -1 where unknown. A BED12 line has none. A strand other than '-' counts as
    '+'. Names of columns in the first line are passed over. Raises InputError where the file holds no line
    of data.
    """
    regions: list[Region] = []
    odd: list[OddLine] = []
    notes: list[str] = []
    forms: Counter[str] = Counter()
    for number, line in text_lines(path, "BED"):
        if line.startswith(_NOT_DATA):
            continue
        columns = line.rstrip().split("\t") if "\t" in line else line.split()
        if not (regions or odd or notes) and _names_columns(columns):
            notes.append(f"line {number} of {path} names columns ({' '.join(columns[:3])} ...)")
            continue
        try:
            region, form = _region(columns)
        except InputError as error:
            odd.append(OddLine(f"line {number} of {path}", str(error)))
            continue
        regions.append(region)
        forms.update([form] if form else [])
    if not (regions or odd):
        raise InputError(f"{path} holds no regions; a BED file was expected")
    return Regions(
        regions, odd, notes + [f"{count} lines of {path}: {form}" for form, count in forms.items()]
    )


def _names_columns(columns: Sequence[str]) -> bool:
    """Whether words, as `start` and `end`, stand where a region has its numbers."""
    words = len(columns) > 2 and all(word.isidentifier() for word in map(_bare, columns[1:3]))
    return words and not _is_gff(columns)


def _is_gff(columns: Sequence[str]) -> bool:
    """Whether the fourth and fifth column are the places, as GFF and GTF have them."""
    return len(columns) > 7 and None not in map(_whole, columns[3:5]) and None in map(_whole, columns[1:3])


def _bare(word: str) -> str:
    return word.strip("\"'").replace(".", "_").replace("-", "_")


def _region(columns: Sequence[str]) -> tuple[Region, str]:
    """The region of a line, and how its columns were read where that is not plain to see."""
    if len(columns) == 1:
        raise InputError(
            "has 1 column; BED needs at least 3 (chromosome, start, end), with tabs between them"
        )
    if _is_gff(columns):
        raise InputError(f"is GFF or GTF; {MINUS_ONE}")
    if len(columns) < 3:
        raise InputError(f"has {len(columns)} columns; BED needs at least 3 (chromosome, start, end)")
    start, end = _number(columns[1]), _number(columns[2])
    if not 0 <= start < end:
        raise InputError(f"holds the interval {start}-{end}; BED needs 0 <= start < end")
    name = columns[3] if len(columns) > 3 and columns[3] != "." else ""
    strand = "-" if len(columns) > 5 and columns[5] == "-" else "+"
    offset, form = _summit_offset(columns, start, end)
    return Region(columns[0], start, end, name, strand, offset), form


def _summit_offset(columns: Sequence[str], start: int, end: int) -> tuple[int | None, str]:
    """The summit's distance from the start, where there is one, and how the line was read."""
    if len(columns) < _NARROWPEAK_COLUMNS:
        return None, ""
    if _has_blocks(columns, start, end):
        return None, "read as BED12, windows lie around the middle"
    fits = -1 <= (_whole(columns[9]) or 0) < end - start and _whole(columns[9]) is not None
    if (
        not _looks_scored(columns)
        or _has_colour(columns)
        or not (fits or len(columns) == _NARROWPEAK_COLUMNS)
    ):
        return None, "no narrowPeak in the first ten columns, windows lie around the middle"
    offset = _number(columns[9])
    if not fits:
        raise InputError(
            f"has 10 columns but its last, {offset}, is no summit (-1 to {end - start - 1}); "
            "is this a narrowPeak file?"
        )
    more = len(columns) > _NARROWPEAK_COLUMNS
    return None if offset == -1 else offset, _WITH_SUMMIT if more else ""


def _looks_scored(columns: Sequence[str]) -> bool:
    """Whether columns 5 to 9 are a narrowPeak's: its score, strand, and three numbers."""
    return columns[5] in _STRANDS and all(_NUMBER.fullmatch(text) for text in (columns[4], *columns[6:9]))


def _has_colour(columns: Sequence[str]) -> bool:
    """Whether columns 7 to 9 are BED's thick part within the region, and its colour."""
    first, last, start, end = (_whole(columns[i]) for i in (6, 7, 1, 2))
    if first is None or last is None or start is None or end is None or not _COLOUR.fullmatch(columns[8]):
        return False
    return start <= first <= last <= end and (start > 0 or last == end)


def _has_blocks(columns: Sequence[str], start: int, end: int) -> bool:
    """Whether columns 10 to 12 are the blocks of a BED12: their number, sizes, and starts up to the end."""
    if len(columns) < _BED12_COLUMNS:
        return False
    count, sizes, starts = _whole(columns[9]), _list(columns[10]), _list(columns[11])
    if not sizes or not starts or not count == len(sizes) == len(starts):
        return False
    return _has_colour(columns) or (starts[0] == 0 and starts[-1] + sizes[-1] == end - start)


def _list(text: str) -> list[int]:
    """Whole numbers between commas, of which one may end the text; empty where there is something else."""
    numbers = [_whole(word) for word in text.removesuffix(",").split(",")]
    return [number for number in numbers if number is not None] if None not in numbers else []


def _whole(text: str) -> int | None:
    return int(text) if _WHOLE.fullmatch(text) else None


def _number(text: str) -> int:
    number = _whole(text)
    if number is None:
        raise InputError(f"holds '{text}' where a whole number belongs")
    return number


def write_regions(path: Path | str, regions: Columns) -> None:
    """Write regions in their order as narrowPeak (10 columns), which is valid BED too, some at a time.

    A start before the chromosome's is written as 0, and column 10 still points to the same base. Raises
    OutputError where the file cannot be written or a region has no base on its chromosome.
    """
    with replacing(path) as part, open(part, "w", encoding="utf-8", newline="\n") as file:
        for first in range(0, len(regions), _LINES_AT_ONCE):
            file.writelines(_narrowpeak(path, regions, slice(first, first + _LINES_AT_ONCE)))


def _narrowpeak(path: Path | str, regions: Columns, rows: slice) -> Iterator[str]:
    """The lines of some regions."""
    start, end = np.maximum(regions.start[rows], 0), regions.end[rows]
    for row in np.flatnonzero(end <= start)[:1].tolist():
        where = place_of(regions, (rows.start or 0) + row)
        raise OutputError(f"cannot write {path}: region {where} has no base on its chromosome")
    peaks = (np.clip(regions.summit[rows], start, end - 1) - start).tolist()
    chroms = (regions.chroms[number] for number in regions.chrom[rows].tolist())
    names = ("_".join(name.split()) or "." for name in regions.names[rows])
    strands = np.where(regions.minus[rows], "-", "+").tolist()
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
    size = _number(columns[1])
    if size < 1:
        raise InputError(f"gives '{columns[0]}' the size {size}; a size is at least 1")
    return columns[0], size
