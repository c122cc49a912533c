"""Motifs in text formats other than MEME: JASPAR, ENCODE, HOMER, plain matrices.

Each reader takes the numbered, non-blank lines of a file and returns its motifs, with probabilities (4, w). A
table of counts is scaled; probabilities that sum to 1 but for rounding are made to do so. An odd motif is
left out, unless the reader is to be strict.
"""

from collections.abc import Callable
from itertools import islice
from pathlib import Path

from seqattr.dna.alphabet import ALPHABET
from seqattr.io.motifs.blocks import (
    Block,
    Lines,
    Table,
    are_numbers,
    blocks,
    column_names,
    is_iupac,
    is_number,
    is_row,
    table_of,
    words_of,
)
from seqattr.io.motifs.collection import Collection, Entry, Matrix, Motif, collect
from seqattr.io.motifs.matrices import ROUNDING, by_position, either_way_up
from seqattr.io.motifs.meme import is_version, motif_name

_LOOKED_AT = 20  # motifs, to see what format a file has

# ---- what a file is


def is_meme(lines: Lines) -> bool:
    """Perhaps below comments, or the head of MEME's own text output."""
    return any(is_version(line) for _, line in lines)


def is_homer(lines: Lines) -> bool:
    """>consensus, name and threshold, between tabs."""
    fields = lines[0][1].split("\t") if lines else []
    return len(fields) > 2 and fields[0].startswith(">") and is_number(fields[2])


def is_encode(lines: Lines) -> bool:
    """>name, then a letter and four numbers for each position.

    The four rows of a JASPAR motif four wide look the same, but do not each sum to 1.
    """
    words = [words_of(line) for line in _first_body(lines)]
    if not words or not all(len(row) == 5 and is_iupac(row[0]) and are_numbers(row[1:]) for row in words):
        return False
    is_four_bases = [row[0].upper() for row in words] == list(ALPHABET)
    return not is_four_bases or all(abs(sum(map(float, row[1:])) - 1) <= ROUNDING for row in words)


def is_jaspar(lines: Lines) -> bool:
    """>name, then the numbers of a matrix, or none where somebody forgot them."""
    is_headed = bool(lines) and lines[0][1].startswith(">")
    return is_headed and all(is_row(line) for line in _first_body(lines)[:1])


def is_plain(lines: Lines) -> bool:
    """Rows of numbers, perhaps below the names of the columns."""
    shown = [line for _, line in lines if not line.startswith("#")]
    return bool(shown) and (is_row(shown[0]) or bool(column_names(words_of(shown[0]))))


def _first_body(lines: Lines) -> list[str]:
    """The lines below the first heading that has nothing but rows below it, else below the first of all."""
    if not lines or not lines[0][1].startswith(">"):
        return []
    bodies = ([line for _, line in block.lines] for block in islice(blocks(lines), _LOOKED_AT))
    first = next(bodies)
    return next((body for body in (first, *bodies) if body and all(map(is_row, body))), first)


# ---- reading


def parse_homer(path: Path | str, lines: Lines, strict: bool) -> Collection:
    """Motifs headed by >consensus, name and threshold; a row for each position."""
    entries = (_entry(path, _homer_name(block), "", block, by_position) for block in blocks(lines))
    return collect(path, entries, strict)


def parse_encode(path: Path | str, lines: Lines, strict: bool) -> Collection:
    """Motifs headed by >name; rows of the position's IUPAC letter and four probabilities."""
    return collect(path, (_under_heading(path, block, by_position) for block in blocks(lines)), strict)


def parse_jaspar(path: Path | str, lines: Lines, strict: bool) -> Collection:
    """Motifs headed by >identifier and name; four rows (A [ 1 2 ], or bare numbers) or four columns."""
    return collect(path, (_under_heading(path, block, either_way_up) for block in blocks(lines)), strict)


def parse_plain(path: Path | str, lines: Lines, strict: bool) -> Collection:
    """One motif with the name of the file: four rows or four columns."""
    name = Path(str(path).removesuffix(".gz")).stem
    entries = (_entry(path, name, "", block, either_way_up) for block in blocks(lines))
    return collect(path, entries, strict)


def _homer_name(block: Block) -> str:
    return block.heading.split("\t")[1].strip() if "\t" in block.heading else ""


def _under_heading(path: Path | str, block: Block, read: Callable[[str, Table], Motif]) -> Entry:
    """A motif whose heading begins with its names."""
    words = block.heading.split()
    name = motif_name(words)
    other = words[1] if len(words) > 1 and words[0] == name else ""
    return _entry(path, name, other, block, read)


def _entry(
    path: Path | str, name: str, other: str, block: Block, read: Callable[[str, Table], Motif]
) -> Entry:
    def matrix() -> Matrix:
        table = table_of(path, block)
        return Matrix(read(f"motif '{name}' in {path}", table), table.is_rna)

    return Entry(name, other, str(path), matrix)
