"""FASTA: a small fast reader for whole files, and a writer."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from seqattr.dna.alphabet import check_dna
from seqattr.errors import InputError, OutputError
from seqattr.io.atomic import replacing
from seqattr.io.fasta.genome import Genome
from seqattr.io.fasta.stream import NAME_ENDS, Header, Lines, stream
from seqattr.support.advice import advice
from seqattr.support.packed import Texts, TextsBuilder

__all__ = ["Genome", "OddRecord", "Record", "iter_fasta", "read_fasta", "unique", "write_fasta"]

MOST_BASES = 1 << 28  # of a record, more than any human chromosome has
_SHOWN = 3


class Record(NamedTuple):
    """One FASTA record: the first word of its header, the header without '>', and its letters as given."""

    name: str
    header: str
    text: str


class OddRecord(NamedTuple):
    """A record that is no sequence: its name, and why."""

    name: str
    reason: str


def read_fasta(path: Path | str, odd: list[OddRecord] | None = None) -> list[Record]:
    """All records of a plain or gzip FASTA file.

    Raises InputError as `iter_fasta` does, and where two records have one name.
    """
    return list(unique(path, iter_fasta(path, odd)))


def unique(path: Path | str, records: Iterable[Record]) -> Iterator[Record]:
    """The records of a file. Raises InputError behind the last of them where two have one name."""
    names = TextsBuilder()
    for record in records:
        names.add(record.name)
        yield record
    check_unique(path, names.finish())


def check_unique(path: Path | str, names: Texts) -> None:
    """Raise InputError where two records of a file have one name."""
    repeated = names.repeated()
    if repeated:
        some = ", ".join(f"'{name}'" for name in repeated[:_SHOWN])
        more = f" (and {len(repeated) - _SHOWN} others)" if len(repeated) > _SHOWN else ""
        raise InputError(f"{path} holds more than one record of the name {some}{more}; {NAME_ENDS}")


def iter_fasta(
    path: Path | str, odd: list[OddRecord] | None = None, most: int = MOST_BASES
) -> Iterator[Record]:
    """Records of a plain or gzip FASTA file one by one, only one in memory at a time.

    Blank lines, blanks at the ends of lines and line ends of other systems are fine. A record without a
    sequence, with a letter that is no DNA letter or of more than `most` bases is put to the `odd` ones, or
    raises InputError where there is no such list. Raises as `stream` does, too.
    """
    for header, lines in _letters_by_header(path, most):
        try:
            yield _record(path, header, lines, most)
        except InputError as error:
            if odd is None:
                raise
            odd.append(OddRecord(header.name, str(error)))


def _letters_by_header(path: Path | str, most: int) -> Iterator[tuple[Header, list[bytes]]]:
    """Each header with the letters of its record, of which there are no more than a block above `most`."""
    header: Header | None = None
    letters: list[bytes] = []
    count = 0
    for event in stream(path):
        if isinstance(event, Lines):
            if count <= most:
                letters.append(event.letters)
                count += len(letters[-1])
            continue
        if header is not None:
            yield header, letters
        header, letters, count = event, [], 0
    assert header is not None  # `stream` raises where there is no record
    yield header, letters


def _record(path: Path | str, header: Header, pieces: Sequence[bytes], most: int) -> Record:
    if sum(map(len, pieces)) > most:
        raise InputError(too_long(path, header.name, most))
    letters = b"".join(pieces)
    if not letters:
        raise InputError(f"record '{header.name}' of {path} has no sequence")
    check_dna(header.name, letters)
    return Record(header.name, header.text, letters.decode("ascii"))


def too_long(path: Path | str, name: str, most: int) -> str:
    """Why a record of more than so many bases is no sequence."""
    what = f"record '{name}' of {path} has more than {most:,} bases, more than can be held at once"
    return "; ".join([what, *advice("of a genome, `regions` takes windows around peaks")])


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
