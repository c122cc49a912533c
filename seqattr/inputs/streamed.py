"""The records of a FASTA file as codes in a spool, each read once and none of them held."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from seqattr.dna.alphabet import (
    AMBIGUOUS_CODE,
    about_letter,
    first_no_letter,
    letter_codes,
    text_of_letter_codes,
)
from seqattr.inputs.spool import Spool
from seqattr.io.fasta.records import too_long
from seqattr.io.fasta.stream import WHITESPACE, Header, stream


class Spooled(NamedTuple):
    """A record: its name, its header without '>', the place and number of its bases in the spool.

    `ambiguous` of these are IUPAC letters other than N. One with a `reason` is no sequence, and not there.
    """

    name: str
    header: str
    at: int
    bases: int
    ambiguous: int
    reason: str = ""


def spooled_records(path: Path | str, spool: Spool, most: int | None = None) -> Iterator[Spooled]:
    """The records of a file one by one, as their codes come to the spool.

    One without a sequence, with a letter that is no DNA letter or of more than `most` bases has a reason.
    Raises InputError as `stream` does.
    """
    record: _Passing | None = None
    for event in stream(path):
        if isinstance(event, Header):
            if record is not None:
                yield record.spooled()
            record = _Passing(path, event, spool, most)
        elif record is not None:
            record.add(letter_codes(event.content, WHITESPACE))
    if record is not None:
        yield record.spooled()


class _Passing:
    """A record that passes by."""

    def __init__(self, path: Path | str, header: Header, spool: Spool, most: int | None) -> None:
        self._path, self._header, self._spool, self._most = path, header, spool, most
        self._at, self._bases, self._ambiguous, self._complaint = spool.size, 0, 0, ""

    def add(self, codes: bytes) -> None:
        """Some more of its codes."""
        odd = None if self._complaint else first_no_letter(codes)
        if odd is not None:
            letter = chr(text_of_letter_codes(codes[odd : odd + 1])[0])
            self._complaint = about_letter(letter, self._bases + odd)
        self._bases += len(codes)
        if not self._complaint and not self._is_too_long():
            self._ambiguous += codes.count(AMBIGUOUS_CODE)
            self._spool.append(codes)

    def _is_too_long(self) -> bool:
        return self._most is not None and self._bases > self._most

    def spooled(self) -> Spooled:
        """All of it, once it has passed by."""
        reason = self._reason()
        if reason:
            self._spool.cut(self._at)
        return Spooled(*self._header, self._at, self._bases, self._ambiguous, reason)

    def _reason(self) -> str:
        if self._is_too_long():
            return too_long(self._path, self._header.name, self._most or 0)
        if not self._bases:
            return f"record '{self._header.name}' of {self._path} has no sequence"
        return f"record '{self._header.name}' {self._complaint}" if self._complaint else ""
