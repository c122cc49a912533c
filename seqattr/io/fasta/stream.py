"""FASTA as a stream of headers and lines: the one parser, whatever the line ends, wraps and blanks.

Lines end with LF, CRLF or CR. One block of the file is in memory at a time: neither a line or a record of
any length takes more, nor a small gzip file that unpacks to a huge one.
"""

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import NamedTuple

from seqattr.errors import InputError
from seqattr.io.foreign import instead_of_fasta
from seqattr.io.reading import reading

WHITESPACE = b" \t\r\n\v\f"
_BLOCK = 1 << 18
_MARK = b"\xef\xbb\xbf"  # of byte order
_LONGEST_HEADER = 1 << 16


NAME_ENDS = "a record's name is the first word of its header"


class Header(NamedTuple):
    """A record begins: the first word of its header, and the header without '>'."""

    name: str
    text: str


class Lines(NamedTuple):
    """A stretch of a record as it is, but that CR has become LF, and where in the file it begins."""

    content: bytes
    start: int

    @property
    def letters(self) -> bytes:
        """Without line ends and blanks."""
        return self.content.translate(None, delete=WHITESPACE)


def stream(path: Path | str) -> Iterator[Header | Lines]:
    """The headers of a plain or gzip FASTA file, each before the lines of its record.

    Raises InputError where the file cannot be read, is empty or does not start with '>', and at a header
    that is empty, endless or no text.
    """
    parser = _Parser(path)
    with reading(path, "FASTA") as file:
        start = 0
        while block := file.read(_BLOCK):
            yield from parser.feed(block.replace(b"\r", b"\n"), start)
            start += len(block)
    yield from parser.finish()


class _Parser:
    """Where in the file the blocks are: before the first record, in a header, or in a record's lines."""

    def __init__(self, path: Path | str) -> None:
        self.path = path
        self.begun = False
        self.header: bytearray | None = None
        self.fresh = True  # whether a line begins

    def feed(self, block: bytes, start: int) -> Iterator[Header | Lines]:
        """What a block of the file, which begins at `start`, brings."""
        at = 0 if self.begun else self._begin(block, start)
        while at < len(block):
            if self.header is None:
                at = yield from self._lines(block, at, start)
            else:
                at = yield from self._header(self.header, block, at)

    def finish(self) -> Iterator[Header]:
        """What is left at the end of the file; raises InputError where there was no record."""
        if not self.begun:
            raise InputError(f"{self.path} is empty; a FASTA file was expected")
        if self.header is not None:
            yield self._header_of(self.header)

    def _begin(self, block: bytes, start: int) -> int:
        """Behind the first '>'; a byte-order mark and blank lines before it are passed over."""
        text = (block if start else block.removeprefix(_MARK)).lstrip(WHITESPACE)
        if text and not text.startswith(b">"):
            other = instead_of_fasta(text.partition(b"\n")[0])
            raise InputError(f"{self.path} does not start with '>'; {other}")
        self.begun = bool(text)
        self.header = bytearray()
        return len(block) - len(text) + 1

    def _header(self, header: bytearray, block: bytes, at: int) -> Generator[Header, None, int]:
        end = block.find(b"\n", at)
        header += block[at : len(block) if end < 0 else end]
        if len(header) > _LONGEST_HEADER:
            raise InputError(
                f"{self.path} has a header of more than {_LONGEST_HEADER:,} characters; is this a FASTA file?"
            )
        if end < 0:
            return len(block)
        self.header, self.fresh = None, True
        yield self._header_of(header)
        return end + 1

    def _lines(self, block: bytes, at: int, start: int) -> Generator[Lines, None, int]:
        if self.fresh and block.startswith(b">", at):
            self.header = bytearray()
            return at + 1
        end = block.find(b"\n>", at)
        stop = len(block) if end < 0 else end + 1
        self.fresh = block[stop - 1] == ord("\n")
        yield Lines(block[at:stop], start + at)
        return stop

    def _header_of(self, line: bytearray) -> Header:
        try:
            text = line.decode().strip()
        except UnicodeDecodeError as error:
            raise InputError(f"{self.path} has a header that is no text; is this a FASTA file?") from error
        if "\0" in text:
            raise InputError(f"{self.path} has NUL in the header {text[:40]!r}; is this a FASTA file?")
        if not text:
            raise InputError(f"{self.path} has a record without a name: a line with '>' alone")
        return Header(text.split(maxsplit=1)[0], text)
