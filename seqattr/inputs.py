"""From files to the windows that are scored: their bases, and where they lie on a genome."""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from seqattr.alphabet import UNKNOWN, count_ambiguous, encode, one_hot
from seqattr.errors import InputError, NotFinite
from seqattr.io.bed import read_bed, read_chrom_sizes
from seqattr.io.fasta import Genome, Record, iter_fasta, read_fasta
from seqattr.references import background_of
from seqattr.regions import Region, parse_header, window
from seqattr.scan import measured_background


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

    @property
    def own_region(self) -> Region:
        """The region of the bases that are not padding."""
        first, end = self.inside
        if self.region.strand == "-":
            first, end = self.length - end, self.length - first
        start = self.region.start
        return replace(self.region, start=start + first, end=start + end, summit_offset=None)


class Aligned:
    """Windows of one length as one-hot (N, 4, L), int8, worked out a slice of rows at a time.

    Raises InputError naming two windows that differ in length.
    """

    def __init__(self, windows: Sequence[Window]) -> None:
        self.windows = windows
        first = windows[0]
        other = next((w for w in windows if w.length != first.length), None)
        if other is not None:
            raise InputError(
                f"all sequences must have one length, but {first.name} has {first.length} bp and "
                f"{other.name} {other.length} bp; --pad and --crop would bring all to the model's own"
            )
        self.shape = (len(windows), 4, first.length)

    def __len__(self) -> int:
        return len(self.windows)

    def __getitem__(self, rows: slice) -> npt.NDArray[np.int8]:
        return one_hot(np.stack([window.codes for window in self.windows[rows]]))


class Inputs(NamedTuple):
    """All windows in row order, the chromosome sizes for their tracks, and what the user should know."""

    windows: list[Window]
    sizes: dict[str, int]
    notes: list[str]


@contextmanager
def naming(names: Sequence[str]) -> Iterator[None]:
    """Where the block raises NotFinite for the sequence in a row, say its name among these."""
    try:
        yield
    except NotFinite as error:
        if error.row is None:
            raise
        raise error.named(names[error.row]) from error


def from_fasta(path: Path | str, chrom_sizes: Path | str | None = None, placed: bool = True) -> Inputs:
    """Each record is a window; headers such as chr1:100-200 are genome coordinates if sizes are given.

    Unless it matters where they are `placed`, no note is made of headers.

    Raises InputError for a file that is no DNA FASTA, and for a header past its chromosome's end.
    """
    records = read_fasta(path)
    given = read_chrom_sizes(chrom_sizes) if chrom_sizes else {}
    windows, sizes = [], dict(given)
    for record in records:
        region = place(record, given)
        sizes.setdefault(region.chrom, len(record.text))
        windows.append(Window(record.name, encode(record.text), region, (0, len(record.text))))
    of_headers = notes_on_headers(records, bool(given)) if placed else []
    return Inputs(windows, sizes, notes_on_letters(records) + of_headers)


def place(record: Record, sizes: Mapping[str, int]) -> Region:
    """Where a record lies: on its chromosome if sizes are known, else on itself."""
    found = parse_header(record.header, len(record.text)) if sizes else None
    if found is not None and found.chrom not in sizes:
        raise InputError(
            f"record {record.name} lies on '{found.chrom}', which the chromosome sizes do not list"
        )
    region = found or Region(record.name, 0, len(record.text))
    if region.end > sizes.get(region.chrom, region.end):
        raise InputError(
            f"record {record.name} ends at {region.end}, past the end of {region.chrom}, "
            f"which has {sizes[region.chrom]} bases; are these the right chromosome sizes?"
        )
    return replace(region, name=record.name)


def notes_on_letters(records: Sequence[Record]) -> list[str]:
    """How many letters became N."""
    ambiguous = sum(count_ambiguous(record.text) for record in records)
    return [f"{ambiguous} ambiguous letters (IUPAC codes) were read as N"] if ambiguous else []


def notes_on_headers(records: Sequence[Record], has_sizes: bool) -> list[str]:
    """Coordinates that were not used, or that are missing."""
    placed = sum(parse_header(record.header, len(record.text)) is not None for record in records)
    if has_sizes and placed < len(records):
        return [
            f"{len(records) - placed} of {len(records)} headers are no genome coordinates of as many bases; "
            "these records have tracks of their own"
        ]
    if placed and not has_sizes:
        return [
            f"{placed} of {len(records)} headers look like genome coordinates; "
            "give --chrom-sizes to have tracks on the genome"
        ]
    return []


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
        hints = {
            "--pad would fill up short ones with N": any(w.length < length for w in wrong),
            "--crop would cut long ones to their middle": any(w.length > length for w in wrong),
        }
        hint = " and ".join(text for text, helps in hints.items() if helps)
        count = f"{len(wrong)} of {len(windows)} records {'does' if len(wrong) == 1 else 'do'}"
        raise InputError(f"{count} not fit the model, which takes {lengths}: {some}; {hint}")
    return inputs._replace(windows=windows)


def resized(window: Window, length: int) -> Window:
    """The same middle with `length` bases: N on both sides, or the ends cut off."""
    if window.length == length:
        return window
    left = (length - window.length) // 2 if length > window.length else -((window.length - length) // 2)
    right = length - window.length - left
    codes = np.full(length, UNKNOWN, np.uint8)
    first, end = max(left, 0), min(left + window.length, length)
    codes[first:end] = window.codes[first - left : end - left]
    region = window.region
    before, after = (right, left) if region.strand == "-" else (left, right)
    wider = replace(region, start=region.start - before, end=region.end + after, summit_offset=None)
    return Window(window.name, codes, wider, (first, end))


# --- base frequencies ----------------------------------------------------------------------------


def frequencies(text: str) -> tuple[float, ...]:
    """The base frequencies (A, C, G, T) that a text gives as four numbers, or counted in the file it names.

    Counted on the strand that the FASTA file holds, N left out. Raises InputError where it is neither.
    """
    try:
        numbers = [float(word) for word in text.split(",")]
    except ValueError:
        if "," in text and not Path(text).exists():
            raise InputError(
                f"base frequencies are four numbers (0.3,0.2,0.2,0.3) or a file, not '{text}'"
            ) from None
        codes = np.concatenate([encode(record.text) for record in iter_fasta(text)])
        return tuple(measured_background(codes, "forward").tolist())
    return tuple(background_of(numbers).tolist())


# --- batches -------------------------------------------------------------------------------------


def by_length(windows: Sequence[Window], most: Callable[[int], int]) -> Iterator[npt.NDArray[np.intp]]:
    """Rows of windows of one length, in order: no more of them together than `most` says of that length, but
    at least one.
    """
    lengths = np.array([window.length for window in windows], np.intp)
    order = np.argsort(lengths, kind="stable")
    starts = np.flatnonzero(np.diff(lengths[order])) + 1
    for rows in np.split(order, starts) if len(windows) else []:
        size = max(1, most(int(lengths[rows[0]])))
        yield from (rows[start : start + size] for start in range(0, len(rows), size))
