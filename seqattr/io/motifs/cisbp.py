"""Motifs in the format of CIS-BP and CISBP-RNA, where several stand in one file.

A motif begins with lines of a name and a tab, as TF, TF Name, Gene, Motif, Family and Species (RBP and
RBP Name of RNA); its table has the columns Pos A C G T.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from seqattr.io.motifs.blocks import Block, Lines, column_names, table_of, words_of
from seqattr.io.motifs.collection import Collection, Entry, Matrix, collect
from seqattr.io.motifs.matrices import either_way_up

_FIELDS = {"TF", "TF Name", "RBP", "RBP Name", "Gene", "Motif", "Family", "Species"}
_LONGEST_HEAD = 12  # lines


class Record(NamedTuple):
    """What stands above a table, by the names of the fields, and the table's lines."""

    fields: dict[str, str]
    lines: list[tuple[int, str]]

    @property
    def name(self) -> str:
        """The motif with the factor's name behind it: M00111_1.02.Tfap2a."""
        factor = self.fields.get("TF Name") or self.fields.get("RBP Name") or ""
        identifier = self.fields.get("Motif") or self.fields.get("TF") or self.fields.get("RBP") or ""
        return ".".join("_".join(word.split()) for word in (identifier, factor) if word)


def is_cisbp(lines: Lines) -> bool:
    """Fields above the names of the columns."""
    head = [line for _, line in lines[:_LONGEST_HEAD]]
    ends = next((row for row, line in enumerate(head) if column_names(words_of(line))), 0)
    return ends > 0 and all(_field(line) in _FIELDS for line in head[:ends])


def parse_cisbp(path: Path | str, lines: Lines, strict: bool) -> Collection:
    """Motifs below their fields; a row of four probabilities for each position."""
    return collect(path, (_entry(path, record) for record in _records(lines)), strict)


def _field(line: str) -> str:
    return line.partition("\t")[0].strip()


def _records(lines: Lines) -> Iterator[Record]:
    """One begins at a field that stands below a table."""
    record = Record({}, [])
    for number, line in lines:
        field = _field(line)
        if field not in _FIELDS:
            record.lines.append((number, line))
            continue
        if record.lines:
            yield record
            record = Record({}, [])
        record.fields[field] = line.partition("\t")[2].strip()
    yield record


def _entry(path: Path | str, record: Record) -> Entry:
    def matrix() -> Matrix:
        table = table_of(path, Block("", record.lines))
        return Matrix(either_way_up(f"motif '{record.name}' in {path}", table), table.is_rna)

    return Entry(record.name, "", str(path), matrix)
