"""Random access to a plain FASTA file: where the bases of each record lie in it.

A record whose lines have one width needs three numbers, as an index beside the file (.fai) has them: a base
is found by arithmetic. Of any other record marks are kept, how many bases come before certain places.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from seqattr.dna.regions import Region
from seqattr.errors import InputError, OutputError, some_of
from seqattr.io.fasta.stream import WHITESPACE, Header, Lines, stream
from seqattr.io.reading import reading
from seqattr.io.text import write_rows

_PIECE = 1 << 16
_HEADER = 1 << 12  # bytes before a record in which its header is looked for
_FAI_COLUMNS = 5


@dataclass
class Entry:
    """The place of one record: its bases, the first one's offset, and bases and bytes of each line.

    `line_bytes` 0 stands for lines of several widths, of which there are marks: (offset, bases before it).
    """

    bases: int = 0
    offset: int = 0
    line_bases: int = 0
    line_bytes: int = 0
    marks: list[tuple[int, int]] = field(default_factory=list)

    def place(self, base: int) -> tuple[int, int]:
        """An offset, and the bases between it and this base."""
        if self.line_bytes:
            line, rest = divmod(base, self.line_bases)
            return self.offset + line * self.line_bytes + rest, 0
        offset, before = self.marks[bisect_right(self.marks, base, key=lambda mark: mark[1]) - 1]
        return offset, base - before


class Stale(Exception):
    """The index does not fit the file."""


class Indexed:
    """The chromosomes of a plain file by random access. Raises InputError where it is no FASTA file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._given = path.with_name(path.name + ".fai")
        with reading(path, "FASTA"):
            pass
        self.notes: list[str] = []
        self._own = False
        try:
            self._entries = read_index(self._given, path)
            self.sizes: Mapping[str, int] = {name: entry.bases for name, entry in self._entries.items()}
        except Stale:
            self._scan()

    def texts_of(self, regions: Sequence[Region]) -> list[str]:
        try:
            with reading(self._path, "FASTA") as file:
                return [self._text(file, region) for region in regions]
        except Stale:
            if self._own:
                raise InputError(f"{self._path} changed while it was read") from None
            self._scan()
            return self.texts_of(regions)

    def _scan(self) -> None:
        """An index of our own; it is written beside the file where there is none."""
        self._own = True
        self._entries, fits = scan_records(self._path)
        if self._given.is_file():
            self.notes.append(f"{self._given} is no index of {self._path.name} and was not used")
        elif fits and not self._given.exists():
            with suppress(OutputError):
                write_index(self._given, self._entries)
        sizes = {name: entry.bases for name, entry in self._entries.items()}
        self.sizes, notes = without_empty(self._path, sizes)
        self.notes += notes

    def _text(self, file: BinaryIO, region: Region) -> str:
        entry = self._entries.get(region.chrom)
        start, end = max(region.start, 0), min(region.end, entry.bases if entry else 0)
        return read_bases(file, entry, start, end) if entry and start < end else ""


def read_bases(file: BinaryIO, entry: Entry, start: int, end: int) -> str:
    """Bases [start, end) of a record. Raises Stale where its lines are not as its entry says."""
    if entry.line_bytes:
        return read_lines(file, entry, start, end).decode("latin-1")
    offset, before = entry.place(start)
    letters, wanted = bytearray(), before + end - start
    while len(letters) < wanted:
        piece = read_at(file, offset, _PIECE)
        if not piece:
            raise InputError("a FASTA file changed while it was read")
        letters += piece.translate(None, delete=WHITESPACE)
        offset += len(piece)
    return letters[before:wanted].decode("latin-1")


def read_lines(file: BinaryIO, entry: Entry, start: int, end: int) -> bytes:
    """The same of lines of one width: whole lines are read, and must begin and end where they should."""
    begin, stop = start, end
    if entry.line_bytes < _PIECE:
        begin = start - start % entry.line_bases
        stop = min(end + -end % entry.line_bases, entry.bases)
    offset, last = entry.place(begin)[0], entry.place(stop - 1)[0]
    content = read_at(file, offset - 1, last + 3 - offset)
    letters = content[1 : last + 2 - offset].translate(None, delete=WHITESPACE)
    before, behind = content[:1], content[last + 2 - offset :]
    shifted = entry.line_bytes < _PIECE and (before + behind).strip(WHITESPACE)
    if len(letters) != stop - begin or b">" in letters or shifted:
        raise Stale
    return letters[start - begin : end - begin]


def read_at(file: BinaryIO, offset: int, size: int) -> bytes:
    """At most `size` bytes from an offset on."""
    file.seek(offset)
    return file.read(size)


# --- an index of our own -------------------------------------------------------------------------


def scan_records(path: Path) -> tuple[dict[str, Entry], bool]:
    """Each record's place in a plain file, and whether each has bases in lines of one width."""
    scans: dict[str, Scan] = {}
    for event in stream(path):
        if isinstance(event, Header):
            check_new(path, event.name, scans)
            scans[event.name] = scan = Scan()
        else:
            scan.add(event)
    entries = {name: scan.entry() for name, scan in scans.items()}
    return entries, all(entry.line_bytes and entry.bases for entry in entries.values())


class Scan:
    """One record, whose lines pass by."""

    def __init__(self) -> None:
        self.regular = True
        self._entry = Entry(line_bytes=-1)  # unknown as yet
        self._ended = np.zeros(0, np.int64)  # blanks at the end so far, from the first base on

    def add(self, lines: Lines) -> None:
        """Some more of the record."""
        content = lines.content if self._entry.bases else lines.content.lstrip(WHITESPACE)
        if not content:
            return
        entry = self._entry
        start = lines.start + len(lines.content) - len(content)
        if not entry.bases:
            entry.offset = start
        letters = len(content.translate(None, delete=WHITESPACE))
        entry.marks.append((start, entry.bases))
        if self.regular:
            self._measure(content, start - entry.offset, letters)
        entry.bases += letters

    def _measure(self, content: bytes, start: int, letters: int) -> None:
        """Whether the blanks before the last base lie between lines of one width."""
        entry = self._entry
        blanks = np.flatnonzero(np.frombuffer(content, np.uint8) <= ord(" ")) + start
        inner = len(content.rstrip(WHITESPACE)) + start
        if len(blanks) != len(content) - letters or b">" in content:  # letters that are none
            self.regular = False
            return
        between = np.concatenate([self._ended, blanks[blanks < inner]])
        self._ended = blanks[blanks >= inner] if letters else np.concatenate([self._ended, blanks])
        if not letters or not len(between):
            return
        if not entry.line_bases:
            entry.line_bases = int(between[0])
            entry.line_bytes = entry.line_bases + run_length(between)
        inside = between % entry.line_bytes >= entry.line_bases
        bases, _ = entry.place(entry.bases + letters - 1)
        if not inside.all() or bases + 1 - entry.offset != inner:
            self.regular = False

    def entry(self) -> Entry:
        """The record's place, once all of it has passed by."""
        entry = self._entry
        if not self.regular:
            entry.line_bases, entry.line_bytes = 0, 0
        else:
            entry.marks = []
            if not entry.line_bases:  # one line
                entry.line_bases, entry.line_bytes = entry.bases, entry.bases + max(1, len(self._ended))
        return entry


def run_length(numbers: npt.NDArray[np.int64]) -> int:
    """How many of rising numbers follow each other without a gap from the first on."""
    return int(np.argmax(np.append(np.diff(numbers), 2) > 1)) + 1


def check_new(path: Path, name: str, known: Mapping[str, object]) -> None:
    """Raises InputError for the name of a record that came before."""
    if name in known:
        raise InputError(f"{path} holds more than one record of the name '{name}'")


def without_empty(path: Path, sizes: Mapping[str, int]) -> tuple[dict[str, int], list[str]]:
    """The chromosomes that have a base, and a note on others. Raises InputError where none has."""
    kept = {name: size for name, size in sizes.items() if size}
    empty = [name for name in sizes if name not in kept]
    if not kept:
        raise InputError(f"record '{empty[0]}' of {path} has no sequence")
    some = some_of(empty)
    return kept, [f"{len(empty)} records of {path} have no sequence: {some}"] if empty else []


# --- the index beside the file -------------------------------------------------------------------


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
        rows = [line.split("\t")[:_FAI_COLUMNS] for line in lines]
        entries = {name: entry_of(*numbers) for name, *numbers in rows}
        if not entries or len(entries) < len(rows):
            raise Stale
        with open(path, "rb") as file:
            check_index(file, entries, path.stat().st_size)
    except (OSError, ValueError, TypeError) as error:  # also of a place that no file has
        raise Stale from error
    return entries


def entry_of(bases: str, offset: str, line_bases: str, line_bytes: str) -> Entry:
    """The entry that a line of an index gives."""
    return Entry(int(bases), int(offset), int(line_bases), int(line_bytes))


def check_index(file: BinaryIO, entries: Mapping[str, Entry], size: int) -> None:
    """That there is a header of its name before each record, and behind it another one or the end."""
    begin = 0
    for name, entry in sorted(entries.items(), key=lambda item: item[1].offset):
        if not (0 < entry.line_bases < entry.line_bytes and entry.bases > 0 and begin < entry.offset):
            raise Stale
        if entry.offset - begin > _HEADER or not heads(read_at(file, begin, entry.offset - begin), name):
            raise Stale
        check_first_line(file, entry)
        begin = entry.place(entry.bases - 1)[0] + 1
    rest = read_at(file, begin, _HEADER)
    if begin > size or begin + len(rest) < size or rest.strip(WHITESPACE):
        raise Stale


def heads(between: bytes, name: str) -> bool:
    """Whether bytes between the end of a record and the first base of another are blanks and its header."""
    text = between.removeprefix(b"\xef\xbb\xbf").strip(WHITESPACE)
    words = text.split(maxsplit=1)
    lines = text.replace(b"\r", b"\n").count(b"\n")
    return bool(words) and words[0] == b">" + name.encode() and not lines and between[-1:] in (b"\n", b"\r")


def check_first_line(file: BinaryIO, entry: Entry) -> None:
    """That bases and blanks of a record's first line are as many as its entry says."""
    if entry.line_bytes >= _PIECE:
        return
    whole = entry.bases > entry.line_bases
    line = read_at(file, entry.offset, entry.line_bytes + 1 if whole else entry.bases)
    bases = entry.line_bases if whole else entry.bases
    ends = line[bases : entry.line_bytes]
    if len(line[:bases].translate(None, delete=WHITESPACE)) < bases or ends.strip(WHITESPACE):
        raise Stale
    if whole and not line[entry.line_bytes :].strip(WHITESPACE):
        raise Stale
