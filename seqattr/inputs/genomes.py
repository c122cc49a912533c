"""Windows of a genome: around regions, or one after the other all along it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from seqattr.alphabet import UNKNOWN, encode
from seqattr.errors import InputError
from seqattr.inputs.records import notes_on_letters
from seqattr.inputs.windows import Inputs, Window
from seqattr.io.bed import read_bed
from seqattr.io.fasta import Genome, Record, read_fasta
from seqattr.regions import Region, window


def from_regions(genome: Path | str, bed: Path | str, length: int) -> Inputs:
    """A window of `length` bases around the centre of each region of a BED or narrowPeak file.

    A window that leaves its chromosome is an InputError.
    """
    source = Genome(genome)
    windows, records = [], []
    for region in read_bed(bed):
        around = replace(window(region, length), strand="+")
        name = region.name if region.name not in ("", ".") else str(around)
        records.append(Record(name, name, source.window(around)))
        windows.append(Window(name, encode(records[-1].text), replace(around, name=name), (0, length)))
    return Inputs(windows, dict(source.sizes), notes_on_letters(records))


def tiled(genome: Path | str, length: int, step: int) -> Inputs:
    """Windows of `length` bases every `step` bases of each record.

    Those that are all N, and records that are shorter than a window, are left out.
    """
    if step < 1:
        raise InputError(f"--tile must be at least 1 base, not {step}")
    records = read_fasta(genome)
    cut = [window for record in records for window in tiles(record, length, step)]
    windows = [window for window in cut if (window.codes != UNKNOWN).any()]
    if not windows:
        raise InputError(f"{genome} has no window of {length} bp with a base in it")
    short = sum(len(record.text) < length for record in records)
    notes = notes_on_letters(records)
    if len(windows) < len(cut):
        notes.append(f"{len(cut) - len(windows)} windows of nothing but N were left out")
    if short:
        notes.append(f"{short} of {len(records)} records are shorter than {length} bp and were left out")
    return Inputs(windows, {r.name: len(r.text) for r in records}, notes)


def tiles(record: Record, length: int, step: int) -> Iterator[Window]:
    """The windows of one record."""
    codes = encode(record.text)
    for start in range(0, len(codes) - length + 1, step):
        end = start + length
        region = Region(record.name, start, end, f"{record.name}:{start}-{end}")
        yield Window(region.name, codes[start:end], region, (0, length))
