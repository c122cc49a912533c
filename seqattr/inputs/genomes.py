"""Windows of a genome: around regions, or one after the other all along it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from seqattr.dna.alphabet import UNKNOWN, check_dna, count_ambiguous, encode
from seqattr.dna.regions import Region, window
from seqattr.errors import InputError
from seqattr.inputs.dropped import Dropped, left_out
from seqattr.inputs.records import notes_on_letters
from seqattr.inputs.windows import Inputs, Window, resize
from seqattr.io.bed import parse_bed
from seqattr.io.fasta.records import Genome, OddRecord, Record, iter_fasta, unique
from seqattr.support.memory import free_bytes

BYTES_PER_BASE = 8  # that a record takes for a moment, and room for the others


def from_regions(
    genome: Path | str,
    bed: Path | str,
    length: int,
    pad: bool = False,
    ignore_strand: bool = False,
    strict: bool = True,
) -> Inputs:
    """A window of `length` bases around the centre of each region of a BED or narrowPeak file.

    On strand '-' it is read as the reverse complement, unless strands are ignored. A window that leaves its
    chromosome is filled up with N where `pad` says so and a base of it is left; else it is dropped, as one
    on no chromosome of the genome and a line that is no region are. Raises InputError where those are all,
    or in a `strict` run.
    """
    source, peaks = Genome(genome), parse_bed(bed)
    around = [window(region, length) for region in peaks.regions]
    if ignore_strand:
        around = [replace(region, strand="+") for region in around]
    texts = source.texts_of(around)
    check_names(source, bed, around)
    cut = [cut_out(source, region, text, pad) for region, text in zip(around, texts, strict=True)]
    windows = [one for one in cut if isinstance(one, Window)]
    dropped = [Dropped(line.where, None, f"{line.where} {line.reason}") for line in peaks.odd]
    dropped += [one for one in cut if isinstance(one, Dropped)]
    helps = any("partly outside" in one.reason for one in dropped)
    cure = "; `pad=True` would fill up with N what a chromosome lacks" if helps else ""
    notes = left_out(dropped, len(dropped) + len(windows), "regions", strict, cure)
    notes += [*source.notes, *peaks.notes, *notes_on_strands(peaks.regions, ignore_strand)]
    used = (count_ambiguous(text) for text, one in zip(texts, cut, strict=True) if isinstance(one, Window))
    return Inputs(windows, dict(source.sizes), notes_on_letters(used) + notes, dropped)


def cut_out(source: Genome, region: Region, text: str, pad: bool) -> Window | Dropped:
    """The window of a region whose chromosome has this text of it, or why there is none."""
    name = region.name if region.name not in ("", ".") else str(region)
    own_place, length = replace(region, name=name), region.end - region.start
    try:
        source.check(region, partly=pad)
        check_dna(str(region), text)
    except InputError as error:
        return Dropped(name, own_place, str(error))
    codes = np.full(length, UNKNOWN, np.uint8)
    first = max(-region.start, 0)
    inside = (first, first + len(text))
    codes[slice(*inside)] = encode(text)
    if region.strand == "-":
        codes = np.where(codes == UNKNOWN, UNKNOWN, 3 - codes)[::-1].astype(np.uint8)
        inside = (length - inside[1], length - inside[0])
    return Window(name, codes, own_place, inside)


def check_names(source: Genome, bed: Path | str, regions: Sequence[Region]) -> None:
    """Raise InputError where several regions, and all of them, lie on chromosomes that there are not."""
    names = list(dict.fromkeys(region.chrom for region in regions))
    if len(regions) < 2 or any(name in source.sizes for name in names):
        return
    known = ", ".join(list(source.sizes)[:3])
    other = source.other_name(names[0])
    cure = f": '{names[0]}' of the one is '{other}' of the other" if other else ""
    raise InputError(
        f"none of the {len(regions)} regions of {bed} lies on a chromosome of {source.path}: it names "
        f"{', '.join(names[:3])}, the genome {known}; give both files the same names{cure}"
    )


def notes_on_strands(regions: Sequence[Region], ignored: bool) -> list[str]:
    """How regions on strand '-' were read."""
    minus = sum(region.strand == "-" for region in regions)
    if not minus:
        return []
    turned = "read as the reverse complement; `ignore_strand=True` would not"
    how = "strands were ignored" if ignored else turned
    return [f"{minus} of {len(regions)} regions lie on strand -: {how}"]


def from_tiles(genome: Path | str, length: int, step: int, pad: bool = False, strict: bool = True) -> Inputs:
    """Windows of `length` bases every `step` bases of each record, and a last one that ends at its end.

    Those that are all N are left out. Records that are shorter than a window are filled up with N where
    `pad` says so, else dropped, or an InputError in a `strict` run.
    """
    if step < 1:
        raise InputError(f"`step` must be at least 1 base, not {step}")
    odd: list[OddRecord] = []
    sizes: dict[str, int] = {}
    windows, ambiguous, unknown, dropped = [], 0, 0, []
    for record in unique(genome, iter_fasta(genome, odd, free_bytes() // BYTES_PER_BASE)):
        sizes[record.name] = len(record.text)
        if len(record.text) < length and not pad:
            reason = f"record {record.name} has {len(record.text)} bases, fewer than a window of {length}"
            dropped.append(Dropped(record.name, Region(record.name, 0, len(record.text)), reason))
            continue
        ambiguous += count_ambiguous(record.text)
        cut = list(tiles(record, length, step))
        kept = [window for window in cut if (window.codes != UNKNOWN).any()]
        unknown += len(cut) - len(kept)
        windows += kept
    dropped += [Dropped(record.name, None, record.reason) for record in odd]
    cure = "; `pad=True` would fill up short ones"
    notes = left_out(dropped, len(sizes) + len(odd), "records", strict, cure)
    if not windows:
        raise InputError(f"{genome} has no window of {length} bp with a base in it")
    notes += [f"{unknown} windows of nothing but N were left out"] if unknown else []
    return Inputs(windows, sizes, notes_on_letters([ambiguous]) + notes, dropped)


def tiles(record: Record, length: int, step: int) -> Iterator[Window]:
    """The windows of one record; one around the whole of it where it is shorter."""
    codes = encode(record.text)
    last = len(codes) - length
    if last < 0:
        whole = Region(record.name, 0, len(codes), record.name)
        yield resize(Window(record.name, codes, whole, (0, len(codes))), length)
        return
    for start in [*range(0, last, step), last]:
        region = Region(record.name, start, start + length, f"{record.name}:{start}-{start + length}")
        yield Window(region.name, codes[start : start + length], region, (0, length))
