"""The lines of a motif file that is text: a block for each motif, and the tables of numbers in them."""

import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from seqattr.dna.alphabet import ALPHABET, AMBIGUOUS
from seqattr.errors import InputError

Lines = Sequence[tuple[int, str]]  # those of a file that are not blank, with their numbers

IUPAC = frozenset(ALPHABET + "UN" + AMBIGUOUS)
_SEPARATORS = re.compile(r"[\s,;:|\[\]]+")


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


def blocks(lines: Lines) -> Iterator[Block]:
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


def table_of(path: Path | str, block: Block) -> Table:
    """The block's numbers. Raises InputError at a word where a number belongs."""
    columns: list[str] = []
    rows: list[Row] = []
    is_rna = False
    for number, line in block.lines:
        words = words_of(line)
        names = column_names(words)
        if names and not rows:
            columns = names
            is_rna |= "U" in (word.upper() for word in words[-4:])
        else:
            rows.append(_row(f"line {number} of {path}", words))
            is_rna |= words[:1] in (["U"], ["u"])
    return Table(columns, rows, is_rna)


def _row(where: str, words: list[str]) -> Row:
    labelled = bool(words) and not is_number(words[0])
    label, numbers = (words[0].upper(), words[1:]) if labelled else ("", words)
    wrong = next((word for word in numbers if not is_number(word)), None)
    if wrong is not None:
        raise InputError(f"{where} holds '{wrong[:40]}' where a number of a motif's matrix belongs")
    return Row(label.replace("U", "T") if len(label) == 1 else label, [float(word) for word in numbers])


def words_of(line: str) -> list[str]:
    """The words of a line between blanks, commas, colons or brackets."""
    return [word for word in _SEPARATORS.split(line) if word]


def column_names(words: Sequence[str]) -> list[str]:
    """The letters of a line that names the columns, such as "Pos A C G T"; empty where it does not."""
    letters = [word.upper().replace("U", "T") for word in words[-4:]]
    return [*words[:-4], *letters] if sorted(letters) == sorted(ALPHABET) and len(words) <= 5 else []


def is_row(line: str) -> bool:
    """Numbers, perhaps behind a word; only between brackets may there be none."""
    words = words_of(line)
    numbers = words[1:] if words and not is_number(words[0]) else words
    return are_numbers(numbers) or (len(words) == 1 and "[" in line)


def are_numbers(words: Sequence[str]) -> bool:
    """Whether there are words, and all of them numbers."""
    return bool(words) and all(map(is_number, words))


def is_iupac(word: str) -> bool:
    """Whether a word is one letter of a base or of several."""
    return len(word) == 1 and word.upper() in IUPAC


def is_number(word: str) -> bool:
    """Whether a word is a finite number, or not a number."""
    try:
        return not math.isinf(float(word))
    except ValueError:
        return False
