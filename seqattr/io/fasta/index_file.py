"""The index beside a FASTA file (.fai): a line for each record, which is used where it is seen to fit."""

from collections.abc import Mapping
from pathlib import Path

from seqattr.errors import InputError
from seqattr.io.fasta.entries import PIECE, Entry, Stale
from seqattr.io.fasta.stream import WHITESPACE
from seqattr.io.random_access import RandomAccess
from seqattr.io.text import write_rows

_HEADER = 1 << 12  # bytes before a record in which its header is looked for
_FAI_COLUMNS = 5
# What reading something else raises, also at a place that no file has.
_NO_INDEX = (OSError, InputError, ValueError, TypeError, OverflowError)


def write_index(path: Path, entries: Mapping[str, Entry]) -> None:
    """Raises OutputError where it cannot be written."""
    rows = ((name, e.bases, e.offset, e.line_bases, e.line_bytes) for name, e in entries.items())
    write_rows(path, rows)


def read_index(index: Path, path: Path) -> dict[str, Entry]:
    """The entries of an index that is no older than its file, and fits it. Raises Stale."""
    try:
        if index.stat().st_mtime < path.stat().st_mtime:
            raise Stale
        lines = index.read_text(encoding="utf-8").splitlines()
        rows = (line.split("\t")[:_FAI_COLUMNS] for line in lines)
        entries = {name: entry_of(*numbers) for name, *numbers in rows}
        if not entries or len(entries) < len(lines):
            raise Stale
        check_index(RandomAccess(path), entries, path.stat().st_size)
    except _NO_INDEX as error:
        raise Stale from error
    return entries


def entry_of(bases: str, offset: str, line_bases: str, line_bytes: str) -> Entry:
    """The entry that a line of an index gives."""
    return Entry(int(bases), int(offset), int(line_bases), int(line_bytes))


def check_index(file: RandomAccess, entries: Mapping[str, Entry], size: int) -> None:
    """That there is a header of its name before each record, and behind it another one or the end."""
    begin = 0
    for name, entry in sorted(entries.items(), key=lambda item: item[1].offset):
        if not (0 < entry.line_bases < entry.line_bytes and entry.bases > 0 and begin < entry.offset):
            raise Stale
        if entry.offset - begin > _HEADER or not heads(file.read(begin, entry.offset - begin), name):
            raise Stale
        check_first_line(file, entry)
        begin = entry.place(entry.bases - 1)[0] + 1
    rest = file.read(begin, _HEADER)
    if begin > size or begin + len(rest) < size or rest.strip(WHITESPACE):
        raise Stale


def heads(between: bytes, name: str) -> bool:
    """Whether bytes between the end of a record and the first base of another are blanks and its header."""
    text = between.removeprefix(b"\xef\xbb\xbf").strip(WHITESPACE)
    words = text.split(maxsplit=1)
    lines = text.replace(b"\r", b"\n").count(b"\n")
    return bool(words) and words[0] == b">" + name.encode() and not lines and between[-1:] in (b"\n", b"\r")


def check_first_line(file: RandomAccess, entry: Entry) -> None:
    """That bases and blanks of a record's first line are as many as its entry says."""
    if entry.line_bytes >= PIECE:
        return
    whole = entry.bases > entry.line_bases
    line = file.read(entry.offset, entry.line_bytes + 1 if whole else entry.bases)
    bases = entry.line_bases if whole else entry.bases
    ends = line[bases : entry.line_bytes]
    if len(line[:bases].translate(None, delete=WHITESPACE)) < bases or ends.strip(WHITESPACE):
        raise Stale
    if whole and not line[entry.line_bytes :].strip(WHITESPACE):
        raise Stale
