"""Each record of a FASTA file as a window of its own."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from seqattr.dna.alphabet import count_ambiguous, encode
from seqattr.dna.regions import Region, parse_header
from seqattr.errors import InputError
from seqattr.inputs.dropped import Dropped, left_out
from seqattr.inputs.windows import Inputs, Window
from seqattr.io.bed import read_chrom_sizes
from seqattr.io.fasta.records import OddRecord, Record, iter_fasta, unique


def from_fasta(
    path: Path | str, chrom_sizes: Path | str | None = None, placed: bool = True, strict: bool = True
) -> Inputs:
    """Each record is a window; headers such as chr1:100-200 are genome coordinates if sizes are given.

    Unless it matters where they are `placed`, no note is made of headers. Raises InputError for a file that
    is no DNA FASTA, and for a header past its chromosome's end, which is dropped where not `strict`.
    """
    odd: list[OddRecord] = []
    given = read_chrom_sizes(chrom_sizes) if chrom_sizes else {}
    windows, sizes, dropped, named, ambiguous = [], dict(given), [], 0, 0
    for record in unique(path, iter_fasta(path, odd)):  # of which only one is held as text
        header = parse_header(record.header, len(record.text))
        named += header is not None
        ambiguous += count_ambiguous(record.text)
        try:
            region = place(record, header, given)
        except InputError as error:
            dropped.append(Dropped(record.name, header, str(error)))
            continue
        sizes.setdefault(region.chrom, len(record.text))
        windows.append(Window(record.name, encode(record.text), region, (0, len(record.text))))
    records = len(windows) + len(dropped)
    dropped += [Dropped(one.name, None, one.reason) for one in odd]
    notes = notes_on_letters([ambiguous]) + left_out(dropped, records + len(odd), "records", strict)
    notes += notes_on_headers(named, records, bool(given)) if placed else []
    return Inputs(windows, sizes, notes, dropped)


def place(record: Record, header: Region | None, sizes: Mapping[str, int]) -> Region:
    """Where a record lies: on its chromosome if sizes are known, else on itself."""
    on_chromosome = header if sizes else None
    if on_chromosome is not None and on_chromosome.chrom not in sizes:
        raise InputError(
            f"record {record.name} lies on '{on_chromosome.chrom}', which the chromosome sizes do not list"
        )
    region = on_chromosome or Region(record.name, 0, len(record.text))
    if region.end > sizes.get(region.chrom, region.end):
        raise InputError(
            f"record {record.name} ends at {region.end}, past the end of {region.chrom}, "
            f"which has {sizes[region.chrom]} bases; are these the right chromosome sizes?"
        )
    return replace(region, name=record.name)


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
        return [
            f"{placed} of {records} headers look like genome coordinates; "
            "give `sizes` to have tracks on the genome"
        ]
    return []
