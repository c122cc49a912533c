"""Random access to a plain FASTA file, by an index beside it or one of our own."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from seqattr.dna.regions import Region
from seqattr.errors import InputError, OutputError
from seqattr.io.fasta.entries import Stale, read_bases
from seqattr.io.fasta.index_file import read_index, write_index
from seqattr.io.fasta.scan import scan_records, without_empty
from seqattr.io.random_access import RandomAccess
from seqattr.io.reading import reading

Answer = TypeVar("Answer")


class Indexed:
    """The chromosomes of a plain file by random access. Raises InputError where it is no FASTA file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._given = path.with_name(path.name + ".fai")
        with reading(path, "FASTA"):
            pass
        self.file = RandomAccess(path)
        self.notes: list[str] = []
        self._own = False
        try:
            self._entries = read_index(self._given, path)
            self.sizes: Mapping[str, int] = {name: entry.bases for name, entry in self._entries.items()}
        except Stale:
            self._scan()

    def texts_of(self, regions: Sequence[Region]) -> list[str]:
        return self.settled(lambda: [self._text(region) for region in regions])

    def settled(self, work: Callable[[], Answer]) -> Answer:
        """What work that reads the file gives; it is done again where the index turns out not to fit."""
        try:
            return work()
        except Stale:
            if self._own:
                raise InputError(f"{self._path} changed while it was read") from None
            self._scan()
            return self.settled(work)

    def letters(self, chrom: str, start: int, end: int, table: bytes | None = None) -> bytes:
        """Letters [start, end) of a chromosome that has them, by the table where one is given.

        Raises Stale where the index does not fit.
        """
        return read_bases(self.file, self._entries[chrom], start, end, table)

    def _scan(self) -> None:
        """An index of our own; it is written beside the file where there is none."""
        self._own = True
        self._entries, fits = scan_records(self._path)
        if self._given.is_file():
            self.notes.append(f"{self._given} is no index of {self._path.name} and was not used")
        elif fits and not self._given.exists():
            with suppress(OutputError):
                write_index(self._given, self._entries)
        sizes = {name: entry.bases for name, entry in self._entries.items()}
        self.sizes, notes = without_empty(self._path, sizes)
        self.notes += notes

    def _text(self, region: Region) -> str:
        size = self._entries[region.chrom].bases if region.chrom in self._entries else 0
        start, end = max(region.start, 0), min(region.end, size)
        return self.letters(region.chrom, start, end).decode("latin-1") if start < end else ""
