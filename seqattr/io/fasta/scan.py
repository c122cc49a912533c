"""The places of the records of a plain FASTA file, found by reading it through."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from seqattr.errors import InputError, some_of
from seqattr.io.fasta.entries import Entry
from seqattr.io.fasta.stream import NAME_ENDS, WHITESPACE, Header, Lines, stream


def scan_records(path: Path) -> tuple[dict[str, Entry], bool]:
    """Each record's place in a plain file, and whether each has bases in lines of one width."""
    entries: dict[str, Entry] = {}
    name, scan = "", Scan()
    for event in stream(path):
        if isinstance(event, Header):
            if name:
                entries[name] = scan.entry()
            check_new(path, event.name, entries)
            name, scan = event.name, Scan()
        else:
            scan.add(event)
    entries[name] = scan.entry()
    return entries, all(entry.line_bytes and entry.bases for entry in entries.values())


class Scan:
    """One record, whose lines pass by."""

    def __init__(self) -> None:
        self.regular = True
        self._entry = Entry(line_bytes=-1)  # unknown as yet
        self._marks: list[tuple[int, int]] = []
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
        self._marks.append((start, entry.bases))
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
            entry.line_bases, entry.line_bytes, entry.marks = 0, 0, self._marks
        elif not entry.line_bases:  # one line
            entry.line_bases, entry.line_bytes = entry.bases, entry.bases + max(1, len(self._ended))
        return entry


def run_length(numbers: npt.NDArray[np.int64]) -> int:
    """How many of rising numbers follow each other without a gap from the first on."""
    return int(np.argmax(np.append(np.diff(numbers), 2) > 1)) + 1


def check_new(path: Path, name: str, known: Mapping[str, object]) -> None:
    """Raises InputError for the name of a record that came before."""
    if name in known:
        raise InputError(f"{path} holds more than one record of the name '{name}'; {NAME_ENDS}")


def without_empty(path: Path, sizes: Mapping[str, int]) -> tuple[dict[str, int], list[str]]:
    """The chromosomes that have a base, and a note on others. Raises InputError where none has."""
    kept = {name: size for name, size in sizes.items() if size}
    empty = [name for name in sizes if name not in kept]
    if not kept:
        raise InputError(f"record '{empty[0]}' of {path} has no sequence")
    some = some_of(empty)
    return kept, [f"{len(empty)} records of {path} have no sequence: {some}"] if empty else []
