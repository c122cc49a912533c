"""Opening files to read, plain or gzip, with one clear line for everything that can go wrong."""

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from seqattr.errors import InputError
from seqattr.io.foreign import HEAD, refuse_other_kinds
from seqattr.io.kept import keep

INPUTS = ("FASTA", "BED", "motif", "MEME", "patterns")  # which no command writes and reads in turn
_GZIP = b"\x1f\x8b"
_BUFFER = 1 << 20


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
            file = _unpacked(raw)
            refuse_other_kinds(path, kind, file.peek(HEAD)[:HEAD])
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
            return file.read(2) == _GZIP
    except OSError:
        return False


def text_lines(path: Path | str, kind: str) -> Iterator[tuple[int, str]]:
    """The lines of a text file with their numbers from 1, without line ends and without the blank ones.

    Raises InputError as `reading` does, and at a line that is no UTF-8 text.
    """
    with reading(path, kind) as file:
        for number, line in enumerate(file, start=1):
            try:
                text = line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
            except UnicodeDecodeError as error:
                raise InputError(f"{path} is no text at line {number}; is this a {kind} file?") from error
            if text and not text.isspace():
                yield number, text


def _unpacked(raw: "io.BufferedReader[io.FileIO]") -> "io.BufferedReader[Any]":
    """Peeking, unlike seeking, works on a pipe too; the buffer makes reading gzip line by line fast."""
    if raw.peek(2)[:2] != _GZIP:
        return raw
    return io.BufferedReader(cast(io.RawIOBase, gzip.GzipFile(fileobj=raw)), _BUFFER)
