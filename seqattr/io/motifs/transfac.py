"""Motifs in TRANSFAC's format; JASPAR, HOCOMOCO, RSAT and STAMP write it too, each a little differently."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from seqattr.dna.alphabet import ALPHABET
from seqattr.errors import InputError
from seqattr.io.motifs.blocks import Lines
from seqattr.io.motifs.collection import Collection, Entry, Matrix, collect
from seqattr.io.motifs.matrices import to_probabilities
from seqattr.io.motifs.meme import motif_name

_HEADS = {"P0", "PO"}
_NAMES = ("AC", "ID", "NA", "DE")
_END = "//"


class Record(NamedTuple):
    """The lines of one motif: what begins with AC, ID, NA, P0 or a number, each as its words."""

    words: list[list[str]]

    def after(self, key: str) -> list[str]:
        """The words behind the first line that begins so; none where there is no such line."""
        return next((words[1:] for words in self.words if words[0] == key), [])

    @property
    def rows(self) -> list[list[str]]:
        """The lines of positions."""
        return [words for words in self.words if words[0].isdecimal()]

    @property
    def name(self) -> str:
        """A JASPAR identifier with the factor's name, else the ID, the name or the accession; STAMP has but a
        description, in which it is the first word.
        """
        accession, identifier, name = (self.after(key)[:1] for key in ("AC", "ID", "NA"))
        described = self.after("DE")[:2]
        if not (accession or identifier or name):
            return motif_name(described) if described else ""
        joined = motif_name([*accession, *(identifier or name)])
        return joined if joined not in accession else (identifier or name or accession)[0]


def is_transfac(lines: Lines) -> bool:
    """Whether a line P0 or PO names the bases, or positions stand below a line DE."""
    first = [line.split() for _, line in lines[:2]]
    described = len(first) > 1 and first[0][0] == "DE" and first[1][0].isdecimal() and len(first[1]) > 4
    return described or any(_is_head(line.split()) for _, line in lines)


def parse_transfac(path: Path | str, lines: Lines, strict: bool) -> Collection:
    """Motifs with a line P0 that names the bases, A C G T where there is none, and one for each position: its
    number and four counts.
    """
    return collect(path, (_entry(path, record) for record in _records(lines)), strict)


def _is_head(words: Sequence[str]) -> bool:
    letters = [word.upper().replace("U", "T") for word in words[1:5]]
    return bool(words) and words[0].upper() in _HEADS and sorted(letters) == sorted(ALPHABET)


def _records(lines: Lines) -> Iterator[Record]:
    """Those that have something to do with a motif; a file may begin with its version.

    One ends with // or, in files without it, where names stand below positions.
    """
    record, has_rows = Record([]), False
    for _, line in [*lines, (0, _END)]:
        words = line.split()
        if words[0] == _END or (has_rows and words[0] in _NAMES):
            if has_rows or any(map(record.after, ("AC", "ID", "P0", "PO"))):
                yield record
            record, has_rows = Record([]), False
        if words[0] != _END:
            record.words.append(words)
            has_rows = has_rows or words[0].isdecimal()


def _entry(path: Path | str, record: Record) -> Entry:
    where = f"motif '{record.name}' in {path}"
    return Entry(record.name, "", str(path), lambda: _matrix(where, record))


def _matrix(where: str, record: Record) -> Matrix:
    head = next((words for words in record.words if words[0].upper() in _HEADS), ["P0", *ALPHABET])
    rows = [words[1:5] for words in record.rows]
    if not _is_head(head) or not rows:
        raise InputError(f"{where} has no matrix; a line 'P0 A C G T' and one for each position must follow")
    try:
        table = np.array([[float(word) for word in row] for row in rows], dtype=np.float64)
    except ValueError as error:
        raise InputError(f"{where} has a row that is not four numbers") from error
    if table.shape[1] != len(ALPHABET):
        raise InputError(f"{where} has rows of {table.shape[1]} numbers; four (A, C, G, T) were expected")
    bases = [letter.upper().replace("U", "T") for letter in head[1:5]]
    columns = [table[:, bases.index(base)] for base in ALPHABET]
    return Matrix(to_probabilities(where, columns), one_strand="U" in map(str.upper, head[1:5]))
