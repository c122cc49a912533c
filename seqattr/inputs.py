"""From files to the windows that are scored: their bases, and where they lie on a genome."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from seqattr.alphabet import UNKNOWN, count_ambiguous, encode
from seqattr.errors import InputError
from seqattr.io.bed import read_bed, read_chrom_sizes
from seqattr.io.fasta import Genome, Record, read_fasta
from seqattr.regions import Region, parse_header, window


@dataclass(frozen=True)
class Window:
    """One row: base codes (L,), and the region that they stand for.

    `region` covers the whole row; bases outside `inside` (first, end) are padding.
    """

    name: str
    codes: npt.NDArray[np.uint8]
    region: Region
    inside: tuple[int, int]

    @property
    def length(self) -> int:
        return len(self.codes)


class Inputs(NamedTuple):
    """All windows in row order, the chromosome sizes for their tracks, and what the user should know."""

    windows: list[Window]
    sizes: dict[str, int]
    notes: list[str]


def from_fasta(path: Path | str, chrom_sizes: Path | str | None = None) -> Inputs:
    """Each record is a window; headers such as chr1:100-200 are genome coordinates if sizes are given.

    Raises InputError for a file that is no DNA FASTA, and for a header past its chromosome's end.
    """
    records = read_fasta(path)
    given = read_chrom_sizes(chrom_sizes) if chrom_sizes else {}
    windows, sizes = [], dict(given)
    for record in records:
        region = place(record, given)
        sizes.setdefault(region.chrom, len(record.text))
        windows.append(Window(record.name, encode(record.text), region, (0, len(record.text))))
    return Inputs(windows, sizes, notes_on(records, bool(given)))


def place(record: Record, sizes: Mapping[str, int]) -> Region:
    """Where a record lies: on its chromosome if sizes are known, else on itself."""
    region = parse_header(record.header, len(record.text)) if sizes else None
    if region is None:
        return Region(record.name, 0, len(record.text), record.name)
    if region.chrom not in sizes:
        raise InputError(
            f"record {record.name} lies on '{region.chrom}', which the chromosome sizes do not list"
        )
    if region.end > sizes[region.chrom]:
        raise InputError(
            f"record {record.name} ends at {region.end}, past the end of {region.chrom}, "
            f"which has {sizes[region.chrom]} bases; are these the right chromosome sizes?"
        )
    return replace(region, name=record.name)


def notes_on(records: Sequence[Record], has_sizes: bool) -> list[str]:
    """Letters that became N, and coordinates that were not used."""
    notes = []
    ambiguous = sum(count_ambiguous(record.text) for record in records)
    if ambiguous:
        notes.append(f"{ambiguous} ambiguous letters (IUPAC codes) were read as N")
    placed = sum(parse_header(r.header, len(r.text)) is not None for r in records) if not has_sizes else 0
    if placed:
        notes.append(
            f"{placed} of {len(records)} headers look like genome coordinates; "
            "give --chrom-sizes to have tracks on the genome"
        )
    return notes


def from_regions(genome: Path | str, bed: Path | str, length: int) -> Inputs:
    """A window of `length` bases around the centre of each region of a BED or narrowPeak file.

    A window that leaves its chromosome is an InputError.
    """
    source = Genome(genome)
    windows = []
    for region in read_bed(bed):
        around = replace(window(region, length), strand="+")
        name = region.name if region.name not in ("", ".") else str(around)
        windows.append(Window(name, encode(source.window(around)), replace(around, name=name), (0, length)))
    return Inputs(windows, dict(source.sizes), [])


def tiled(genome: Path | str, length: int, step: int) -> Inputs:
    """Windows of `length` bases every `step` bases of each record; those that are all N are left out."""
    if step < 1:
        raise InputError(f"--tile must be at least 1 base, not {step}")
    windows, left_out, records = [], 0, read_fasta(genome)
    for record in records:
        codes = encode(record.text)
        for start in range(0, len(codes) - length + 1, step):
            part = codes[start : start + length]
            region = Region(record.name, start, start + length, f"{record.name}:{start}-{start + length}")
            if (part == UNKNOWN).all():
                left_out += 1
            else:
                windows.append(Window(region.name, part, region, (0, length)))
    if not windows:
        raise InputError(f"{genome} has no window of {length} bp with a base in it")
    notes = [f"{left_out} windows of nothing but N were left out"] if left_out else []
    return Inputs(windows, {r.name: len(r.text) for r in records}, notes_on(records, True) + notes)


# --- fitting a model ----------------------------------------------------------------------------


def fitted(
    inputs: Inputs, lengths: Container[int], length: int, pad: bool = False, crop: bool = False
) -> Inputs:
    """The windows padded with N, or cropped, around their middle to `length`, as far as allowed.

    `lengths` are those that the model takes. Raises InputError naming the records that do not fit.
    """
    windows = [
        resized(w, length) if (pad and w.length < length) or (crop and w.length > length) else w
        for w in inputs.windows
    ]
    wrong = [w for w in windows if w.length not in lengths]
    if wrong:
        some = ", ".join(f"{w.name} ({w.length} bp)" for w in wrong[:3]) + (", ..." if len(wrong) > 3 else "")
        short = wrong[0].length < length
        hint = "--pad would fill them up with N" if short else "--crop would cut them to their middle"
        count = f"{len(wrong)} of {len(windows)} records do"
        raise InputError(f"{count} not fit the model, which takes {lengths}: {some}; {hint}")
    return inputs._replace(windows=windows)


def resized(window: Window, length: int) -> Window:
    """The same middle with `length` bases: N on both sides, or the ends cut off."""
    left = (length - window.length) // 2 if length > window.length else -((window.length - length) // 2)
    right = length - window.length - left
    codes = np.full(length, UNKNOWN, np.uint8)
    first, end = max(left, 0), min(left + window.length, length)
    codes[first:end] = window.codes[first - left : end - left]
    region = window.region
    before, after = (right, left) if region.strand == "-" else (left, right)
    wider = replace(region, start=region.start - before, end=region.end + after, summit_offset=None)
    return Window(window.name, codes, wider, (first, end))
