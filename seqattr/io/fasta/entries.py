"""Where the bases of a record lie in a plain FASTA file.

A record whose lines have one width needs three numbers, as an index beside the file (.fai) has them: a base
is found by arithmetic. Of any other record marks are kept, how many bases come before certain places.
"""

from bisect import bisect_right
from dataclasses import dataclass

from seqattr.errors import InputError
from seqattr.io.fasta.stream import WHITESPACE
from seqattr.io.random_access import RandomAccess

PIECE = 1 << 16


@dataclass(slots=True)
class Entry:
    """The place of one record: its bases, the first one's offset, and bases and bytes of each line.

    `line_bytes` 0 stands for lines of several widths, of which there are marks: (offset, bases before it).
    """

    bases: int = 0
    offset: int = 0
    line_bases: int = 0
    line_bytes: int = 0
    marks: list[tuple[int, int]] | None = None

    def place(self, base: int) -> tuple[int, int]:
        """An offset, and the bases between it and this base."""
        if self.line_bytes:
            line, rest = divmod(base, self.line_bases)
            return self.offset + line * self.line_bytes + rest, 0
        assert self.marks is not None
        offset, before = self.marks[bisect_right(self.marks, base, key=lambda mark: mark[1]) - 1]
        return offset, base - before


class Stale(Exception):
    """The index does not fit the file."""


def read_bases(file: RandomAccess, entry: Entry, start: int, end: int, table: bytes | None = None) -> bytes:
    """Letters [start, end) of a record, by the table where one is given, which leaves '>' what it is.

    Raises Stale where the lines are not as the entry says.
    """
    if entry.line_bytes:
        return read_lines(file, entry, (start, end), table)
    offset, before = entry.place(start)
    letters, wanted = bytearray(), before + end - start
    while len(letters) < wanted:
        piece = file.read(offset, PIECE)
        if not piece:
            raise InputError(f"{file.path} changed while it was read")
        letters += piece.translate(table, delete=WHITESPACE)
        offset += len(piece)
    return bytes(letters[before:wanted])


def read_lines(file: RandomAccess, entry: Entry, span: tuple[int, int], table: bytes | None) -> bytes:
    """The same of lines of one width: whole lines are read, and must begin and end where they should."""
    start, end = begin, stop = span
    if entry.line_bytes < PIECE:
        begin = start - start % entry.line_bases
        stop = min(end + -end % entry.line_bases, entry.bases)
    offset, last = entry.place(begin)[0], entry.place(stop - 1)[0]
    content = file.read(offset - 1, last + 3 - offset)
    letters = content[1 : last + 2 - offset].translate(table, delete=WHITESPACE)
    before, behind = content[:1], content[last + 2 - offset :]
    shifted = entry.line_bytes < PIECE and (before + behind).strip(WHITESPACE)
    if len(letters) != stop - begin or b">" in letters or shifted:
        raise Stale
    return letters[start - begin : end - begin]
