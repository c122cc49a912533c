"""A file of numbered records that survives any kill: what was added is whole, and nothing else is read.

Records are added at the end, each with its length and checksum; what a kill or a full disk cut off is found
when the file is opened again, and removed. While it is open to be added to, the file is locked.
"""

import os
import struct
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from seqattr.errors import InputError, OutputError
from seqattr.io.atomic import cannot_write, locked
from seqattr.io.deflate import crc32

_MAGIC = b"seqattr journal 1\n"
_HEAD = struct.Struct("<4sQQII")  # mark, number, bytes, their checksum, that of these four
_MARK = b"\nrec"
_PIECE = 1 << 22


class Extent(NamedTuple):
    """Where a record's content lies in its file, in bytes."""

    start: int
    size: int


class Journal:
    """A journal open for reading, and within `appending` for more. Raises InputError where it is none.

    Unless it is to `verify` them, records that are as long as they say are taken to be whole.
    """

    def __init__(self, path: Path | str, verify: bool = True) -> None:
        self.path, self._verify = Path(path), verify
        self.records: dict[int, Extent] = {}
        try:
            self._descriptor = os.open(path, os.O_RDONLY)
            with ExitStack() as unless_read:
                unless_read.callback(self.close)
                self.end = self._scan()
                unless_read.pop_all()
        except OSError as error:
            raise InputError(f"cannot read {path}: {os.strerror(error.errno or 0)}") from error

    def close(self) -> None:
        os.close(self._descriptor)

    def read(self, number: int, start: int = 0, size: int | None = None) -> bytes:
        """The content of a record, or so many bytes of it from `start` on; for several threads at once."""
        extent = self.records[number]
        left = extent.size - start if size is None else size
        pieces = []
        at = extent.start + start
        while left:
            piece = os.pread(self._descriptor, left, at)
            if not piece:
                raise InputError(f"{self.path} was cut off while it was read")
            pieces.append(piece)
            at, left = at + len(piece), left - len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    # --- what is whole -------------------------------------------------------------------------

    def _scan(self) -> int:
        """Where the last whole record ends; 0 where not even the first line is whole."""
        start = os.pread(self._descriptor, len(_MAGIC), 0)
        if start != _MAGIC:
            if not _MAGIC.startswith(start):
                raise InputError(f"{self.path} is no journal of seqattr")
            return 0
        end = len(_MAGIC)
        while (record := self._record_at(end)) is not None:
            number, extent = record
            self.records[number] = extent
            end = extent.start + extent.size
        return end

    def _record_at(self, offset: int) -> tuple[int, Extent] | None:
        """The record that begins there, if it is whole."""
        head = os.pread(self._descriptor, _HEAD.size, offset)
        if len(head) < _HEAD.size:
            return None
        mark, number, size, checksum, own_checksum = _HEAD.unpack(head)
        if mark != _MARK or own_checksum != crc32(head[:-4]):
            return None
        extent = Extent(offset + _HEAD.size, size)
        whole = self._checksum(extent) == checksum if self._verify else self._reaches(extent)
        return (number, extent) if whole else None

    def _reaches(self, extent: Extent) -> bool:
        return os.fstat(self._descriptor).st_size >= extent.start + extent.size

    def _checksum(self, extent: Extent) -> int | None:
        """Of a record's content; None where the file ends before it."""
        total, at, left = 0, extent.start, extent.size
        while left:
            piece = os.pread(self._descriptor, min(left, _PIECE), at)
            if not piece:
                return None
            total, at, left = crc32(piece, total), at + len(piece), left - len(piece)
        return total


class JournalWriter:
    """A journal that records are added to."""

    def __init__(self, journal: Journal, descriptor: int) -> None:
        self.journal, self._descriptor = journal, descriptor
        self._adding = Lock()

    def add(self, number: int, buffers: Sequence[bytes | memoryview]) -> None:
        """A record, at the end; for several threads at once.

        Raises OutputError, with nothing added, where the system would not take it.
        """
        views = [memoryview(buffer).cast("B") for buffer in buffers]
        size, checksum = sum(map(len, views)), 0
        for view in views:
            checksum = crc32(view, checksum)
        head = _HEAD.pack(_MARK, number, size, checksum, 0)[:-4]
        head += struct.pack("<I", crc32(head))
        with self._adding:
            end = self.journal.end
            self.journal.end = self._add(end, [memoryview(head), *views])
            self.journal.records[number] = Extent(end + _HEAD.size, size)

    def _add(self, end: int, views: Sequence[memoryview]) -> int:
        at = end
        try:
            for view in views:
                at = self._write(view, at)
        except OSError as error:
            os.ftruncate(self._descriptor, end)
            raise cannot_write(self.journal.path, error) from error
        return at

    def _write(self, view: memoryview, at: int) -> int:
        while len(view):
            done = os.pwrite(self._descriptor, view, at)
            at, view = at + done, view[done:]
        return at


@contextmanager
def appending(path: Path | str) -> Iterator[JournalWriter]:
    """A journal, new or with what it holds, to add records to; what is not whole at its end is cut off.

    Raises OutputError where another process has it open so, or where it cannot be written.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise cannot_write(path, error) from error
    try:
        if not locked(descriptor):
            raise OutputError(f"cannot write {path}: another process is writing it")
        journal = Journal(path)
        try:
            _trim(path, descriptor, journal)
            yield JournalWriter(journal, descriptor)
        finally:
            journal.close()
    finally:
        os.close(descriptor)


def _trim(path: Path | str, descriptor: int, journal: Journal) -> None:
    """Leave what is whole, under the first line."""
    try:
        os.ftruncate(descriptor, journal.end)
        if journal.end == 0:
            os.pwrite(descriptor, _MAGIC, 0)
            journal.end = len(_MAGIC)
    except OSError as error:
        raise cannot_write(path, error) from error
