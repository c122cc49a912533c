"""Codes of bases that are read once: in memory while they are few, then in a file that has no name."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from hashlib import sha256
from pathlib import Path

import numpy as np
import numpy.typing as npt

from seqattr.io.atomic import cannot_write
from seqattr.io.random_access import pread

IN_MEMORY = 1 << 24  # bases
_PENDING = 1 << 20
_FOLDER: ContextVar[Path | None] = ContextVar("folder of the spools", default=None)


@contextmanager
def spooling_in(folder: Path | None) -> Iterator[None]:
    """Within the block files of codes come into this folder; else, or for None, into the system's own."""
    token = _FOLDER.set(folder)
    try:
        yield
    finally:
        _FOLDER.reset(token)


class Spool:
    """Codes one behind the other, which several threads may read when all are there.

    The file is removed by the system, whatever becomes of the process. Raises OutputError where there is no
    room for it.
    """

    def __init__(self) -> None:
        self._content = bytearray()
        self._file: int | None = None
        self._pending, self._pending_at = bytearray(), 0
        self._hash = sha256()

    @property
    def size(self) -> int:
        """The place behind the last code that was put."""
        return self._pending_at + len(self._pending)

    def append(self, codes: bytes) -> None:
        """Codes behind the last ones."""
        self._pending += codes
        if len(self._pending) >= _PENDING:
            self._flush()

    def put(self, at: int, codes: bytes) -> None:
        """Codes to a place, which becomes the last one."""
        self.cut(at)
        self.append(codes)

    def cut(self, at: int) -> None:
        """Let what comes next come to this place."""
        if self._pending_at <= at <= self.size:
            del self._pending[at - self._pending_at :]
        else:
            self._flush()
            self._pending_at = at

    def read(self, begin: int, end: int) -> npt.NDArray[np.uint8]:
        """The codes [begin, end). Nothing may be put afterwards."""
        if self._pending:
            self._flush()
        if self._file is None:
            return np.frombuffer(memoryview(self._content)[begin:end], np.uint8)
        return np.frombuffer(pread(self._file, begin, end - begin), np.uint8)

    def digest(self) -> str:
        """A hash of what was put, in its order."""
        self._flush()
        return self._hash.hexdigest()

    def __del__(self) -> None:
        if self._file is not None:
            os.close(self._file)

    def _flush(self) -> None:
        """What was put last, to where it belongs."""
        codes, at = bytes(self._pending), self._pending_at
        self._pending, self._pending_at = bytearray(), at + len(codes)
        self._hash.update(codes)
        if self._file is None and at + len(codes) <= IN_MEMORY:
            self._content.extend(bytes(max(0, at - len(self._content))))
            self._content[at : at + len(codes)] = codes
            return
        with _refusals():
            if self._file is None:
                self._file = _new_file()
                _write(self._file, 0, bytes(self._content))
                self._content = bytearray()
            _write(self._file, at, codes)


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise cannot_write(_FOLDER.get() or tempfile.gettempdir(), error) from error


def _new_file() -> int:
    with tempfile.TemporaryFile(dir=_FOLDER.get()) as file:
        return os.dup(file.fileno())


def _write(file: int, at: int, content: bytes) -> None:
    """All of it, however little the system takes at once."""
    os.lseek(file, at, os.SEEK_SET)
    view = memoryview(content)
    while view:
        view = view[os.write(file, view) :]
