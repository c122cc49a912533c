"""Each record of a FASTA file as a window of its own."""

from array import array
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path

import numpy as np

from seqattr.dna.regions import Region, parse_header
from seqattr.errors import InputError
from seqattr.inputs.dropped import Dropped, DroppedRows, left_out
from seqattr.inputs.sizes import Sizes
from seqattr.inputs.spool import Spool
from seqattr.inputs.streamed import Spooled, spooled_records
from seqattr.inputs.table import Windows
from seqattr.inputs.windows import Inputs
from seqattr.io.bed import read_chrom_sizes
from seqattr.io.fasta.records import MOST_BASES, check_unique
from seqattr.support.advice import advice
from seqattr.support.packed import Numbering, Texts, TextsBuilder, column


def from_fasta(
    path: Path | str, chrom_sizes: Path | str | None = None, placed: bool = True, strict: bool = True
) -> Inputs:
    """Each record is a window; headers such as chr1:100-200 are genome coordinates if sizes are given.

    Unless it matters where they are `placed`, no note is made of headers. Raises InputError for a file that
    is no DNA FASTA, and for a header past its chromosome's end, which is dropped where not `strict`.
    """
    given = read_chrom_sizes(chrom_sizes) if chrom_sizes else {}
    spool, rows, odd = Spool(), _Rows(given), OddRecords()
    for record in spooled_records(path, spool, MOST_BASES):
        if record.reason:
            odd.add(record, record.reason)
        else:
            rows.add(record)
    check_unique(path, rows.all_names.finish())
    dropped = rows.dropped.finish() + odd.finish()
    records = len(rows.all_names)
    notes = notes_on_letters([rows.ambiguous])
    notes += left_out(dropped, records + len(odd), "records", strict)
    notes += notes_on_headers(rows.headers, records, bool(given)) if placed else []
    return Inputs(rows.windows(spool), rows.sizes(), notes, dropped)


class OddRecords:
    """Records that give no window, of which there may be as many as a file holds."""

    def __init__(self) -> None:
        self._headers, self._reasons, self._bases = TextsBuilder(), TextsBuilder(kept_once=256), array("q")

    def __len__(self) -> int:
        return len(self._bases)

    def add(self, record: Spooled, reason: str) -> None:
        """A record and why it gives none; it has a place where it is a sequence and its header says so."""
        self._headers.add(record.header)
        self._bases.append(0 if record.reason else record.bases)
        self._reasons.add(reason)

    def finish(self) -> DroppedRows:
        """All of them."""
        return DroppedRows.made(len(self), self._one)

    def _one(self, row: int) -> Dropped:
        header = self._headers[row]
        name = header.split(maxsplit=1)[0]
        return Dropped(name, parse_header(header, self._bases[row]), self._reasons[row])


class _Rows:
    """Records that come one by one, in columns."""

    def __init__(self, given: Mapping[str, int]) -> None:
        self._given, self._known = given, Numbering()
        self.all_names, self._names, self._own = TextsBuilder(), TextsBuilder(), TextsBuilder()
        self._at, self._start, self._own_bases = array("q"), array("q"), array("q")
        self._chrom, self._bases, self._minus = array("i"), array("i"), bytearray()
        self.dropped = OddRecords()
        self.headers, self.ambiguous = 0, 0

    def add(self, record: Spooled) -> None:
        """A record that is a sequence: a row, or dropped where it has no place."""
        header = parse_header(record.header, record.bases)
        self.headers += header is not None
        self.ambiguous += record.ambiguous
        self.all_names.add(record.name)
        try:
            region = place(record, header, self._given)
        except InputError as error:
            self.dropped.add(record, str(error))
            return
        self._names.add(record.name)
        self._at.append(record.at)
        self._bases.append(record.bases)
        self._start.append(region.start)
        self._minus.append(region.strand == "-")
        self._chrom.append(self._number(region, record))

    def _number(self, region: Region, record: Spooled) -> int:
        """That of a chromosome that was given, or, below 0, of one that the record is itself."""
        if region.chrom in self._given:
            return self._known.number(region.chrom)
        self._own.add(record.name)
        self._own_bases.append(record.bases)
        return -len(self._own)

    def windows(self, spool: Spool) -> Windows:
        """All rows."""
        spool.digest()
        bases, number = column(self._bases), column(self._chrom)
        names = self._own_names if len(self._own) == len(self._names) else self._names.finish()
        return Windows(
            spool,
            column(self._at),
            names,
            Texts.joined(self._known.texts(), self._own_names),
            np.where(number < 0, len(self._known) - number - 1, number).astype(np.int32),
            column(self._start),
            bases,
            np.frombuffer(self._minus, bool),
            np.stack([np.zeros_like(bases), bases], axis=1),
            turned=False,
        )

    @cached_property
    def _own_names(self) -> Texts:
        return self._own.finish()

    def sizes(self) -> Mapping[str, int]:
        """Of the chromosomes that were given, and of records that are their own."""
        return Sizes(self._given, self._own_names, column(self._own_bases))


def place(record: Spooled, header: Region | None, sizes: Mapping[str, int]) -> Region:
    """Where a record lies: on its chromosome if sizes are known, else on itself."""
    on_chromosome = header if sizes else None
    if on_chromosome is not None and on_chromosome.chrom not in sizes:
        raise InputError(
            f"record {record.name} lies on '{on_chromosome.chrom}', which the chromosome sizes do not list"
        )
    region = on_chromosome or Region(record.name, 0, record.bases)
    if region.end > sizes.get(region.chrom, region.end):
        raise InputError(
            f"record {record.name} ends at {region.end}, past the end of {region.chrom}, "
            f"which has {sizes[region.chrom]} bases; are these the right chromosome sizes?"
        )
    return region


def notes_on_letters(ambiguous: Iterable[int]) -> list[str]:
    """How many letters became N, from their numbers in each window or record."""
    count = sum(ambiguous)
    return [f"{count} ambiguous letters (IUPAC codes) were read as N"] if count else []


def notes_on_headers(placed: int, records: int, has_sizes: bool) -> list[str]:
    """Coordinates that were not used, or that are missing: of so many records so many had some."""
    if has_sizes and placed < records:
        return [
            f"{records - placed} of {records} headers are no genome coordinates of as many bases; "
            "these records have tracks of their own"
        ]
    if placed and not has_sizes:
        what = f"{placed} of {records} headers look like genome coordinates"
        return ["; ".join([what, *advice("give `sizes` to have tracks on the genome")])]
    return []
