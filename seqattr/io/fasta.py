"""FASTA: a small fast reader for whole files, a writer, and windows of a genome."""

import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pyfaidx

from seqattr.alphabet import check_dna, reverse_complement_text
from seqattr.errors import InputError, OutputError
from seqattr.io.atomic import replacing
from seqattr.io.reading import is_gzip, reading
from seqattr.regions import Region

_WHITESPACE = b" \t\r\n\v\f"
_SHOWN = 3


class Record(NamedTuple):
    """One FASTA record: the first word of its header, the header without '>', and its letters as given."""

    name: str
    header: str
    text: str


def read_fasta(path: Path | str) -> list[Record]:
    """All records of a plain or gzip FASTA file.

    Raises InputError as `iter_fasta` does, and where two records have one name.
    """
    records = list(iter_fasta(path))
    if len({record.name for record in records}) < len(records):
        raise InputError(f"{path} holds more than one record of the name {_repeated(records)}")
    return records


def iter_fasta(path: Path | str) -> Iterator[Record]:
    """Records of a plain or gzip FASTA file one by one, only one in memory at a time.

    Blank lines and Windows line ends are fine. Raises InputError where the file cannot be read, is empty or
    does not start with '>', and where a record has no name, no sequence or a letter that is no DNA letter.
    """
    header: bytes | None = None
    letters = bytearray()
    with reading(path, "FASTA") as file:
        for line in file:
            if line.startswith(b">"):
                if header is not None:
                    yield _record(path, header, letters)
                header, letters = line, bytearray()
            elif header is not None:
                letters += line
            else:
                header = _first_header(path, line)
    if header is None:
        raise InputError(f"{path} is empty; a FASTA file was expected")
    yield _record(path, header, letters)


def _first_header(path: Path | str, line: bytes) -> bytes | None:
    """The header in a line before any record: None for a blank line; a byte-order mark is passed over."""
    text = line.removeprefix(b"\xef\xbb\xbf").strip()
    if text and not text.startswith(b">"):
        raise InputError(f"{path} does not start with '>'; is this a FASTA file (plain or gzip)?")
    return text or None


def _record(path: Path | str, line: bytes, lines: bytearray) -> Record:
    try:
        header = line[1:].decode().strip()
    except UnicodeDecodeError as error:
        raise InputError(f"{path} has a header that is no text; is this a FASTA file?") from error
    if not header:
        raise InputError(f"{path} has a record without a name: a line with '>' alone")
    name = header.split(maxsplit=1)[0]
    letters = bytes(lines.translate(None, delete=_WHITESPACE))
    if not letters:
        raise InputError(f"record '{name}' of {path} has no sequence")
    check_dna(name, letters)
    return Record(name, header, letters.decode("ascii"))


def _repeated(records: Sequence[Record]) -> str:
    """The first few names that come up again, for a message."""
    counts = Counter(record.name for record in records)
    again = [name for name, count in counts.items() if count > 1]
    names = ", ".join(f"'{name}'" for name in again[:_SHOWN])
    return names if len(again) <= _SHOWN else f"{names} (and {len(again) - _SHOWN} others)"


def write_fasta(path: Path | str, names: Sequence[str], texts: Sequence[str]) -> None:
    """Write records, one line of letters each.

    Raises OutputError where the numbers of names and texts differ, a name is no single line, or the file
    cannot be written.
    """
    if len(names) != len(texts):
        raise OutputError(f"cannot write {path}: {len(names)} names for {len(texts)} sequences")
    for name in names:
        if not name or len(name.splitlines()) != 1:
            raise OutputError(f"cannot write {path}: {name!r} is no name for a FASTA record")
    with replacing(path) as part, open(part, "w", encoding="utf-8", newline="\n") as file:
        file.writelines(f">{name}\n{text}\n" for name, text in zip(names, texts, strict=True))


class Genome:
    """Windows of a genome's chromosomes, from a FASTA file.

    A plain file is read by random access, with the index beside it where there is a fresh one; a gzip file
    has to be read into memory whole. Raises InputError where the file is no FASTA file.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._chromosomes: Mapping[str, Any] = _in_memory(path) if is_gzip(path) else _indexed(self.path)
        self.sizes: dict[str, int] = {name: len(self._chromosomes[name]) for name in self._chromosomes.keys()}  # noqa: SIM118 (pyfaidx iterates over sequences)

    def window(self, region: Region) -> str:
        """The bases of a region as text, of the other strand where its strand is '-'.

        Raises InputError where the genome has no such chromosome or the region lies partly outside it.
        """
        size = self.sizes.get(region.chrom)
        if size is None:
            known = ", ".join(list(self.sizes)[:_SHOWN])
            raise InputError(f"{self.path} has no chromosome '{region.chrom}' (it begins with {known})")
        if not 0 <= region.start <= region.end <= size:
            raise InputError(f"region {region} lies partly outside {region.chrom}, which has {size} bases")
        text = str(self._chromosomes[region.chrom][region.start : region.end])
        check_dna(str(region), text)
        return reverse_complement_text(text) if region.strand == "-" else text


def _in_memory(path: Path | str) -> dict[str, str]:
    return {record.name: record.text for record in read_fasta(path)}


def _indexed(path: Path) -> pyfaidx.Fasta:
    """Open with a fresh index beside the file, or else with one of our own.

    Our own is built in a temporary folder: the file's folder may be read-only, and two processes that build
    one index in one place would spoil it for each other.
    """
    with reading(path, "FASTA"):
        pass
    beside = path.with_name(path.name + ".fai")
    if _is_fresh(beside, path):
        with suppress(InputError):
            return _opened(path, beside)
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder) / beside.name
        genome = _opened(path, index)
        with suppress(OutputError), replacing(beside) as part:
            part.write_bytes(index.read_bytes())
    return genome


def _is_fresh(index: Path, path: Path) -> bool:
    if not os.access(index, os.R_OK):
        return False
    state = index.stat()
    return state.st_size > 0 and state.st_mtime >= path.stat().st_mtime


def _opened(path: Path, index: Path) -> pyfaidx.Fasta:
    try:
        return pyfaidx.Fasta(str(path), indexname=str(index), as_raw=True, rebuild=False)
    except (pyfaidx.FastaIndexingError, pyfaidx.FastaNotFoundError, ValueError, OSError) as error:
        raise InputError(f"{path} is no FASTA file with random access: {error}") from error
