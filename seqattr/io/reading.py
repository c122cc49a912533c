"""Opening files to read, plain or gzip, with one clear line for everything that can go wrong."""

import gzip
import io
import os
import stat
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from seqattr.errors import InputError
from seqattr.io.foreign import HEAD, refuse_other_kinds
from seqattr.io.kept import keep

# Which no command writes after it has read them.
INPUTS = (
    *("FASTA", "BED", "VCF", "variant table", "chromosome-sizes", "motif", "MEME", "patterns", "simulation"),
    "table",
)
GZIP = b"\x1f\x8b"
_BUFFER = 1 << 20
_LARGE, _MOST_TIMES = 1 << 27, 500


@contextmanager
def reading(path: Path | str, kind: str) -> Iterator[BinaryIO]:
    """Open a file of some kind ("FASTA", "BED") for reading bytes; gzip is recognised by its content.

    Raises InputError where the file is missing, a folder, unreadable, a gzip file that is broken, or one of
    another kind by its first bytes.
    """
    if kind in INPUTS:
        keep(path)
    try:
        with io.BufferedReader(io.FileIO(path), _BUFFER) as raw:
            file = _unpack(path, raw)
            refuse_other_kinds(path, kind, first_bytes(file))
            yield file
    except FileNotFoundError as error:
        raise InputError(f"there is no {kind} file {path}") from error
    except IsADirectoryError as error:
        raise InputError(f"{path} is a folder, not a {kind} file") from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"{path} is a broken or truncated gzip file") from error
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error


def is_gzip(path: Path | str) -> bool:
    """Whether a file begins as gzip (and bgzip) files do; a file that cannot be opened does not."""
    try:
        with open(path, "rb") as file:
            return file.read(2) == GZIP
    except OSError:
        return False


def text_lines(path: Path | str, kind: str) -> Iterator[tuple[int, str]]:
    """The lines of a text file with their numbers from 1, without line ends and without the blank ones.

    Lines end with LF, CRLF or CR; a byte-order mark before one, as where files were joined, is no part of it.
    Raises InputError as `reading` does, and at a line that is no UTF-8 text.
    """
    with reading(path, kind) as file:
        yield from numbered_lines(path, kind, file)


def numbered_lines(path: Path | str, kind: str, file: Iterable[bytes]) -> Iterator[tuple[int, str]]:
    """The same of an open file; its path and kind are for messages."""
    number = 0
    for line in file:
        try:
            text = line.decode().rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise InputError(f"{path} is no text at line {number + 1}; is this a {kind} file?") from error
        for part in text.split("\r"):
            number += 1
            bare = part.lstrip("\ufeff")
            if bare and not bare.isspace():
                yield number, bare


def first_bytes(file: BinaryIO) -> bytes:
    """What an open file begins with; it stays where it is."""
    return cast(io.BufferedReader, file).peek(HEAD)[:HEAD]


class _Unpacking(gzip.GzipFile):
    """A gzip file that is refused where it unpacks to more than sequences or tables can.

    They shrink to a hundredth at best, and a file made to fill a machine's memory to a thousandth.
    """

    unpacked = 0

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.unpacked += len(data)
        if self.unpacked > _LARGE and self.unpacked > _MOST_TIMES * self._file_size():
            raise InputError(
                f"{self.name} unpacks to more than {_MOST_TIMES} times its size: no sequences and no table do"
            )
        return data

    def _file_size(self) -> int:
        """The size of the file; of a pipe, which has none, as much as it may be."""
        state = os.fstat(self.fileno())
        return state.st_size if stat.S_ISREG(state.st_mode) else sys.maxsize


def _unpack(path: Path | str, raw: "io.BufferedReader[io.FileIO]") -> "io.BufferedReader[Any]":
    """Peeking, unlike seeking, works on a pipe too; the buffer makes reading gzip line by line fast."""
    if raw.peek(2)[:2] != GZIP:
        return raw
    return io.BufferedReader(cast(io.RawIOBase, _Unpacking(filename=str(path), fileobj=raw)), _BUFFER)
