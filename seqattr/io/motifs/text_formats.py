"""Motifs in text formats other than MEME: JASPAR, ENCODE, HOMER, plain matrices.

Each reader takes the numbered, non-blank lines of a file and returns its motifs, with probabilities (4, w). A
table of counts is scaled; probabilities that sum to 1 but for rounding are made to do so. An odd motif is
left out, unless the reader is to be strict.
"""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from seqattr.dna.alphabet import ALPHABET, AMBIGUOUS
from seqattr.errors import InputError, some_of
from seqattr.io.motifs.collection import Collection, Entry, Matrix, Motif, collected
from seqattr.io.motifs.meme import is_version, motif_name

Lines = Sequence[tuple[int, str]]

ROUNDING = 0.02  # published probabilities have two or three digits
_LOOKED_AT = 20  # motifs, to see what format a file has
_SEPARATORS = re.compile(r"[\s,;:|\[\]]+")
_IUPAC = frozenset(ALPHABET + "UN" + AMBIGUOUS)


class Row(NamedTuple):
    """A line of a matrix: the word in front of its numbers, if there is one."""

    label: str
    numbers: list[float]


class Block(NamedTuple):
    """A motif as it stands in a file: its heading without '>', and its numbered lines."""

    heading: str
    lines: list[tuple[int, str]]


class Table(NamedTuple):
    """The lines of a block: names of columns, if there are any, and rows."""

    columns: list[str]
    rows: list[Row]
    is_rna: bool


# ---- what a file is


def is_meme(lines: Lines) -> bool:
    """Perhaps below comments, or the head of MEME's own text output."""
    return any(is_version(line) for _, line in lines)


def is_homer(lines: Lines) -> bool:
    """>consensus, name and threshold, between tabs."""
    fields = lines[0][1].split("\t") if lines else []
    return len(fields) > 2 and fields[0].startswith(">") and _is_number(fields[2])


def is_encode(lines: Lines) -> bool:
    """>name, then a letter and four numbers for each position.

    The four rows of a JASPAR motif four wide look the same, but do not each sum to 1.
    """
    words = [_words(line) for line in _first_body(lines)]
    if not words or not all(len(row) == 5 and _is_iupac(row[0]) and _are_numbers(row[1:]) for row in words):
        return False
    is_four_bases = [row[0].upper() for row in words] == list(ALPHABET)
    return not is_four_bases or all(abs(sum(map(float, row[1:])) - 1) <= ROUNDING for row in words)


def is_jaspar(lines: Lines) -> bool:
    """>name, then the numbers of a matrix, or none where somebody forgot them."""
    is_headed = bool(lines) and lines[0][1].startswith(">")
    return is_headed and all(_is_row(line) for line in _first_body(lines)[:1])


def is_plain(lines: Lines) -> bool:
    """Rows of numbers, perhaps below the names of the columns."""
    shown = [line for _, line in lines if not line.startswith("#")]
    return bool(shown) and (_is_row(shown[0]) or bool(_column_names(_words(shown[0]))))


# ---- reading


def parse_homer(path: Path | str, lines: Lines, strict: bool) -> Collection:
    """Motifs headed by >consensus, name and threshold; a row for each position."""
    entries = (_entry(path, _homer_name(block), "", block, _by_position) for block in _blocks(lines))
    return collected(path, entries, strict)


def parse_encode(path: Path | str, lines: Lines, strict: bool) -> Collection:
    """Motifs headed by >name; rows of the position's IUPAC letter and four probabilities."""
    return collected(path, (_named(path, block, _by_position) for block in _blocks(lines)), strict)


def parse_jaspar(path: Path | str, lines: Lines, strict: bool) -> Collection:
    """Motifs headed by >identifier and name; four rows (A [ 1 2 ], or bare numbers) or four columns."""
    return collected(path, (_named(path, block, _either_way) for block in _blocks(lines)), strict)


def parse_plain(path: Path | str, lines: Lines, strict: bool) -> Collection:
    """One motif with the name of the file: four rows or four columns."""
    name = Path(str(path).removesuffix(".gz")).stem
    entries = (_entry(path, name, "", block, _either_way) for block in _blocks(lines))
    return collected(path, entries, strict)


def _homer_name(block: Block) -> str:
    return block.heading.split("\t")[1].strip() if "\t" in block.heading else ""


def _named(path: Path | str, block: Block, read: Callable[[str, Table], Motif]) -> Entry:
    """A motif whose heading begins with its names."""
    words = block.heading.split()
    name = motif_name(words)
    other = words[1] if len(words) > 1 and words[0] == name else ""
    return _entry(path, name, other, block, read)


def _entry(
    path: Path | str, name: str, other: str, block: Block, read: Callable[[str, Table], Motif]
) -> Entry:
    def matrix() -> Matrix:
        table = _table_of(path, block)
        return Matrix(read(f"motif '{name}' in {path}", table), table.is_rna)

    return Entry(name, other, str(path), matrix)


# ---- from lines to blocks and tables


def _blocks(lines: Lines) -> Iterator[Block]:
    """The motifs of a file, one after another; without any heading there is one."""
    block = Block("", [])
    begun = False
    for number, line in lines:
        if line.startswith(">"):
            if begun:
                yield block
            block, begun = Block(line[1:].strip(), []), True
        elif not line.startswith("#"):
            block.lines.append((number, line))
            begun = True
    yield block


def _table_of(path: Path | str, block: Block) -> Table:
    """The block's numbers. Raises InputError at a word where a number belongs."""
    columns: list[str] = []
    rows: list[Row] = []
    is_rna = False
    for number, line in block.lines:
        words = _words(line)
        names = _column_names(words)
        if names and not rows:
            columns = names
            is_rna |= "U" in (word.upper() for word in words[-4:])
        else:
            rows.append(_row(f"line {number} of {path}", words))
            is_rna |= words[:1] in (["U"], ["u"])
    return Table(columns, rows, is_rna)


def _row(where: str, words: list[str]) -> Row:
    labelled = bool(words) and not _is_number(words[0])
    label, numbers = (words[0].upper(), words[1:]) if labelled else ("", words)
    wrong = next((word for word in numbers if not _is_number(word)), None)
    if wrong is not None:
        raise InputError(f"{where} holds '{wrong[:40]}' where a number of a motif's matrix belongs")
    return Row(label.replace("U", "T") if len(label) == 1 else label, [float(word) for word in numbers])


def _first_body(lines: Lines) -> list[str]:
    """The lines below the first heading that has nothing but rows below it, else below the first of all."""
    if not lines or not lines[0][1].startswith(">"):
        return []
    bodies = ([line for _, line in block.lines] for block in islice(_blocks(lines), _LOOKED_AT))
    first = next(bodies)
    return next((body for body in (first, *bodies) if body and all(map(_is_row, body))), first)


# ---- from a block to probabilities


def _by_position(where: str, block: Table) -> Motif:
    """A row for each position; the letters in front of them are a consensus."""
    strange = [row.label for row in block.rows if row.label and row.label not in _IUPAC]
    if strange:
        raise InputError(f"{where} has a row for '{strange[0]}', which is no DNA letter")
    table = _table(where, block)
    if table.shape[1] != 4:
        raise InputError(f"{where} has {table.shape[1]} numbers in a row; four (A, C, G, T) were expected")
    return scaled(where, table.T)


def _either_way(where: str, block: Table) -> Motif:
    table = _table(where, block)
    labels = [row.label for row in block.rows if row.label]
    if block.columns:
        return scaled(where, _named_columns(where, block.columns, table))
    if labels:
        return scaled(where, _named_rows(where, labels, table))
    return scaled(where, _upright(where, table))


def _table(where: str, block: Table) -> np.ndarray:
    widths = {len(row.numbers) for row in block.rows}
    if not widths or 0 in widths:
        raise InputError(f"{where} has a width of 0; a motif has at least one position")
    if len(widths) > 1:
        raise InputError(f"{where} has rows of {min(widths)} and of {max(widths)} numbers")
    return np.array([row.numbers for row in block.rows])


def _named_columns(where: str, columns: Sequence[str], table: np.ndarray) -> np.ndarray:
    if table.shape[1] != len(columns):
        raise InputError(f"{where} names {len(columns)} columns, but its rows have {table.shape[1]} numbers")
    return np.stack([table[:, columns.index(base)] for base in ALPHABET])


def _named_rows(where: str, labels: Sequence[str], table: np.ndarray) -> np.ndarray:
    if sorted(labels) != sorted(ALPHABET) or len(labels) != len(table):
        given = some_of(labels, 6)
        raise InputError(f"{where} has rows for {given}; only DNA motifs (A, C, G, T) can be read")
    return np.stack([table[labels.index(base)] for base in ALPHABET])


def _upright(where: str, table: np.ndarray) -> np.ndarray:
    """(4, w), however it was laid down; four times four is laid so that all positions have one sum."""
    ways = [way for way in (table, table.T) if len(way) == 4]
    if len(ways) == 2:
        ways = [way for way in ways if np.ptp(way.sum(axis=0)) <= ROUNDING * abs(way.sum()) / 4]
    if len(ways) == 1:
        return ways[0]
    rows, columns = table.shape
    if {rows, columns} == {4}:
        raise InputError(f"{where} has four rows and four columns; name the rows A, C, G, T")
    raise InputError(
        f"{where} has {rows} rows and {columns} columns; four of either (A, C, G, T) were expected"
    )


def scaled(where: str, table: Any) -> Motif:
    """Probabilities from a table (4, w) of probabilities or counts.

    Counts are whole numbers, or numbers that at each position sum to about the same and are not all below 1.
    Raises InputError for anything else.
    """
    matrix = np.array(table, dtype=np.float64)
    if not (np.isfinite(matrix).all() and (matrix >= 0).all()):
        raise InputError(f"{where} holds a number below 0 or none; probabilities or counts were expected")
    sums = matrix.sum(axis=0)
    off = np.flatnonzero(abs(sums - 1) > ROUNDING)
    are_large = matrix.max(axis=0).min() > 1 and np.ptp(sums) <= ROUNDING * sums.max()
    are_counts = are_large or (matrix == matrix.round()).all()
    if (len(off) and not are_counts) or not sums.all():
        place = off[0] if sums.all() else sums.argmin()
        raise InputError(f"{where}: position {place + 1} sums to {sums[place]:g}; probabilities sum to 1")
    return matrix / sums


# ---- words


def _words(line: str) -> list[str]:
    return [word for word in _SEPARATORS.split(line) if word]


def _column_names(words: Sequence[str]) -> list[str]:
    """The letters of a line that names the columns, such as "Pos A C G T"; empty where it does not."""
    letters = [word.upper().replace("U", "T") for word in words[-4:]]
    return [*words[:-4], *letters] if sorted(letters) == sorted(ALPHABET) and len(words) <= 5 else []


def _is_row(line: str) -> bool:
    """Numbers, perhaps behind a word; only between brackets may there be none."""
    words = _words(line)
    numbers = words[1:] if words and not _is_number(words[0]) else words
    return _are_numbers(numbers) or (len(words) == 1 and "[" in line)


def _are_numbers(words: Sequence[str]) -> bool:
    return bool(words) and all(map(_is_number, words))


def _is_iupac(word: str) -> bool:
    return len(word) == 1 and word.upper() in _IUPAC


def _is_number(word: str) -> bool:
    try:
        return not math.isinf(float(word))
    except ValueError:
        return False
