"""One line of a BED or narrowPeak file: what region it is, and how its columns were read."""

import re
from collections.abc import Sequence

from seqattr.dna.regions import Region
from seqattr.errors import InputError
from seqattr.io.foreign import MINUS_ONE

_NARROWPEAK_COLUMNS = 10
_BED12_COLUMNS = 12
_STRANDS = ("+", "-", ".")
_WHOLE = re.compile(r"[-+]?[0-9]{1,18}")
_NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?|[-+]?(inf|Inf|nan|NaN)|\.")
_WITH_SUMMIT = "a narrowPeak in the first ten columns, with its summit"
_COLOUR = re.compile(r"0|[0-9]{1,3},[0-9]{1,3},[0-9]{1,3}")
_DECIMAL = r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?"
# Of 3 to 9 columns, or a narrowPeak's ten of which the ninth is no colour.
_COMMON = re.compile(
    r"([^\t]+)\t([0-9]{1,18})\t([0-9]{1,18})"
    rf"(?:\t([^\t]*)\t[0-9]+\t([-+.])\t{_DECIMAL}\t{_DECIMAL}\t(?:-1|-?[0-9]+\.[0-9]+)\t(-1|[0-9]{{1,18}})"
    r"|\t([^\t]*)(?:\t[^\t]*(?:\t([^\t]*)(?:\t[^\t]*){0,3})?)?(?<!\s))?"
)
Fields = tuple[str, int, int, str, bool, int]


def common_line(line: str) -> Fields | None:
    """Chromosome, start, end, name, strand '-', and summit's offset (-1: none) of a line as most are.

    None where `region_of` has to look at it; where not, it would say the same.
    """
    fields = _COMMON.fullmatch(line)
    if fields is None:
        return None
    chrom, first, last, peak, peak_strand, offset, name, strand = fields.groups()
    start, end, summit = int(first), int(last), int(offset or -1)
    if start >= end or summit >= end - start:
        return None
    name = (name if offset is None else peak) or ""
    return chrom, start, end, "" if name == "." else name, "-" in (strand, peak_strand), summit


def names_columns(columns: Sequence[str]) -> bool:
    """Whether words, as `start` and `end`, stand where a region has its numbers."""
    words = len(columns) > 2 and all(word.isidentifier() for word in map(_bare, columns[1:3]))
    return words and not _is_gff(columns)


def _is_gff(columns: Sequence[str]) -> bool:
    """Whether the fourth and fifth column are the places, as GFF and GTF have them."""
    return len(columns) > 7 and None not in map(_whole, columns[3:5]) and None in map(_whole, columns[1:3])


def _bare(word: str) -> str:
    return word.strip("\"'").replace(".", "_").replace("-", "_")


def region_of(columns: Sequence[str]) -> tuple[Region, str]:
    """The region of a line, and how its columns were read where that is not plain to see."""
    if len(columns) == 1:
        raise InputError(
            "has 1 column; BED needs at least 3 (chromosome, start, end), with tabs between them"
        )
    if _is_gff(columns):
        raise InputError(f"is GFF or GTF; {MINUS_ONE}")
    if len(columns) < 3:
        raise InputError(f"has {len(columns)} columns; BED needs at least 3 (chromosome, start, end)")
    start, end = whole_number(columns[1]), whole_number(columns[2])
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
    offset = whole_number(columns[9])
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


def whole_number(text: str) -> int:
    number = _whole(text)
    if number is None:
        raise InputError(f"holds '{text}' where a whole number belongs")
    return number
