"""Bytes from any place of a file, for several threads at once."""

import os
import threading
import weakref
from pathlib import Path

from seqattr.errors import InputError

_LOCK = threading.Lock()  # where there is no pread


class RandomAccess:
    """A file that is open for reading. Raises InputError where the system refuses to."""

    def __init__(self, path: Path | str) -> None:
        self.path = path
        try:
            self._file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        except OSError as error:
            raise InputError(f"cannot read {path}: {error.strerror or error}") from error
        weakref.finalize(self, os.close, self._file)
        self._state = self._now()

    def read(self, offset: int, size: int) -> bytes:
        """At most `size` bytes from an offset on; fewer at the end of the file."""
        try:
            return pread(self._file, offset, size)
        except OSError as error:
            raise InputError(f"cannot read {self.path}: {error.strerror or error}") from error

    def check_unchanged(self) -> None:
        """Raise InputError where somebody has written to the file since it was opened."""
        if self._now() != self._state:
            raise InputError(f"{self.path} changed while it was read")

    def _now(self) -> tuple[int, int]:
        state = os.fstat(self._file)
        return state.st_size, state.st_mtime_ns


def pread(file: int, offset: int, size: int) -> bytes:
    """At most `size` bytes of an open file from an offset on, and fewer only at its end."""
    content = _pread(file, size, offset)
    if len(content) in (0, size):
        return content
    pieces = [content]
    while content and (got := sum(map(len, pieces))) < size:
        content = _pread(file, size - got, offset + got)
        pieces.append(content)
    return b"".join(pieces)


def _pread(file: int, size: int, offset: int) -> bytes:
    if hasattr(os, "pread"):
        return os.pread(file, size, offset)
    with _LOCK:
        os.lseek(file, offset, os.SEEK_SET)
        return os.read(file, size)
