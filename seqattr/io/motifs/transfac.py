"""Motifs in TRANSFAC's format, which JASPAR and HOCOMOCO write too."""

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
_END = "//"


class Record(NamedTuple):
    """The lines of one motif: what begins with AC, ID, NA, P0 or a number, each as its words."""

    words: list[list[str]]

    def after(self, key: str) -> list[str]:
        """The words behind the first line that begins so; none where there is no such line."""
        return next((words[1:] for words in self.words if words[0] == key), [])

    @property
    def name(self) -> str:
        """A JASPAR identifier with the factor's name, else the ID, the name or the accession."""
        accession, identifier, name = (self.after(key)[:1] for key in ("AC", "ID", "NA"))
        joined = motif_name([*accession, *(identifier or name)])
        return joined if joined not in accession else (identifier or name or accession)[0]


def is_transfac(lines: Lines) -> bool:
    """Whether a line P0 or PO names the bases."""
    return any(_is_head(line.split()) for _, line in lines)


def parse_transfac(path: Path | str, lines: Lines, strict: bool) -> Collection:
    """Motifs with a line P0 that names the bases, and one for each position: its number and four counts."""
    return collect(path, (_entry(path, record) for record in _records(lines)), strict)


def _is_head(words: Sequence[str]) -> bool:
    letters = [word.upper().replace("U", "T") for word in words[1:5]]
    return bool(words) and words[0] in _HEADS and sorted(letters) == sorted(ALPHABET)


def _records(lines: Lines) -> Iterator[Record]:
    """Those that have something to do with a motif; a file may begin with its version."""
    record = Record([])
    for _, line in [*lines, (0, _END)]:
        words = line.split()
        if words[0] != _END:
            record.words.append(words)
            continue
        if record.after("AC") or record.after("ID") or record.after("P0") or record.after("PO"):
            yield record
        record = Record([])


def _entry(path: Path | str, record: Record) -> Entry:
    where = f"motif '{record.name}' in {path}"
    return Entry(record.name, "", str(path), lambda: _matrix(where, record))


def _matrix(where: str, record: Record) -> Matrix:
    head = next((words[1:5] for words in record.words if _is_head(words)), None)
    rows = [words[1:5] for words in record.words if words[0].isdecimal()]
    if head is None or not rows:
        raise InputError(f"{where} has no matrix; a line 'P0 A C G T' and one for each position must follow")
    try:
        table = np.array([[float(word) for word in row] for row in rows], dtype=np.float64)
    except ValueError as error:
        raise InputError(f"{where} has a row that is not four numbers") from error
    if table.shape[1] != len(ALPHABET):
        raise InputError(f"{where} has rows of {table.shape[1]} numbers; four (A, C, G, T) were expected")
    bases = [letter.upper().replace("U", "T") for letter in head]
    columns = [table[:, bases.index(base)] for base in ALPHABET]
    return Matrix(to_probabilities(where, columns), one_strand="U" in map(str.upper, head))
