"""BED, narrowPeak and chromosome sizes."""

from collections.abc import Sequence
from pathlib import Path

from seqattr.errors import InputError, OutputError
from seqattr.io.atomic import replacing
from seqattr.io.reading import text_lines
from seqattr.regions import Region

_NARROWPEAK_COLUMNS = 10
_NOT_DATA = ("#", "track ", "track\t", "browser ", "browser\t")


def read_bed(path: Path | str) -> list[Region]:
    """The regions of a BED file of 3 columns or more, plain or gzip, in file order.

    Ten columns are read as narrowPeak: the tenth is the summit's distance from the start, -1 where unknown.
    A strand other than '-' counts as '+'. Raises InputError that names the line.
    """
    regions = [
        _region(f"line {number} of {path}", line)
        for number, line in text_lines(path, "BED")
        if not line.startswith(_NOT_DATA)
    ]
    if not regions:
        raise InputError(f"{path} holds no regions; a BED file was expected")
    return regions


def _region(where: str, line: str) -> Region:
    columns = line.rstrip().split("\t") if "\t" in line else line.split()
    if len(columns) < 3:
        raise InputError(f"{where} has {len(columns)} columns; BED needs at least 3 (chromosome, start, end)")
    start, end = _number(where, columns[1]), _number(where, columns[2])
    if not 0 <= start < end:
        raise InputError(f"{where} holds the interval {start}-{end}; BED needs 0 <= start < end")
    name = columns[3] if len(columns) > 3 and columns[3] != "." else ""
    strand = "-" if len(columns) > 5 and columns[5] == "-" else "+"
    offset = _summit_offset(where, columns, end - start)
    return Region(columns[0], start, end, name, strand, offset)


def _summit_offset(where: str, columns: list[str], length: int) -> int | None:
    if len(columns) != _NARROWPEAK_COLUMNS:
        return None
    offset = _number(where, columns[-1])
    if not -1 <= offset < length:
        raise InputError(
            f"{where} has 10 columns but its last, {offset}, is no summit (-1 to {length - 1}); "
            "is this a narrowPeak file?"
        )
    return None if offset == -1 else offset


def _number(where: str, text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise InputError(f"{where} holds '{text}' where a whole number belongs") from error


def write_regions(path: Path | str, regions: Sequence[Region]) -> None:
    """Write regions in their order as narrowPeak (10 columns), which is valid BED too.

    A start before the chromosome's is written as 0, and column 10 still points to the same base. Raises
    OutputError where the file cannot be written or a region has no base on its chromosome.
    """
    lines = [_narrowpeak(path, region) for region in regions]
    with replacing(path) as part, open(part, "w", encoding="utf-8", newline="\n") as file:
        file.writelines(lines)


def _narrowpeak(path: Path | str, region: Region) -> str:
    start = max(region.start, 0)
    if region.end <= start:
        raise OutputError(f"cannot write {path}: region {region} has no base on its chromosome")
    summit = min(max(region.summit, start), region.end - 1)
    name = "_".join(region.name.split()) or "."
    columns = (region.chrom, start, region.end, name, 0, region.strand, 0, -1, -1, summit - start)
    return "\t".join(map(str, columns)) + "\n"


def read_chrom_sizes(path: Path | str) -> dict[str, int]:
    """Chromosome -> size in bases, in file order; further columns (a .fai index) are passed over.

    Raises InputError for a line without a name and a size above 0, a repeated name, or an empty file.
    """
    sizes: dict[str, int] = {}
    for number, line in text_lines(path, "chromosome-sizes"):
        if not line.startswith("#"):
            name, size = _chrom_size(f"line {number} of {path}", line)
            if name in sizes:
                raise InputError(f"line {number} of {path} repeats the chromosome '{name}'")
            sizes[name] = size
    if not sizes:
        raise InputError(f"{path} holds no chromosome sizes; expected lines of a name and a size")
    return sizes


def _chrom_size(where: str, line: str) -> tuple[str, int]:
    columns = line.split()
    if len(columns) < 2:
        raise InputError(f"{where} has one column; a chromosome's name and size were expected")
    size = _number(where, columns[1])
    if size < 1:
        raise InputError(f"{where} gives '{columns[0]}' the size {size}; a size is at least 1")
    return columns[0], size
