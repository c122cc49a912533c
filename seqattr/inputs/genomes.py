"""Windows of a genome around regions."""

from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from seqattr.dna.alphabet import check_dna, letter_codes, text_of_letter_codes
from seqattr.dna.places import Places
from seqattr.errors import InputError
from seqattr.inputs.bases import Bases, GenomeBases, Numbers, survey
from seqattr.inputs.dropped import Dropped, DroppedRows, left_out
from seqattr.inputs.names import RegionNames
from seqattr.inputs.records import notes_on_letters
from seqattr.inputs.spool import Spool
from seqattr.inputs.table import Windows
from seqattr.inputs.windows import Inputs
from seqattr.io.bed import Regions, parse_bed
from seqattr.io.fasta.index import Indexed
from seqattr.io.fasta.records import Genome
from seqattr.io.fasta.spans import Spans
from seqattr.support.advice import advice

_SHOWN = 3


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
    strands = notes_on_strands(peaks.regions, ignore_strand)
    around = windows_around(peaks.regions, length)
    peaks = peaks._replace(regions=peaks.regions[:0])  # of a million, so much less memory
    if ignore_strand:
        around = replace(around, minus=np.zeros(len(around), bool))
    cut = cut_out(source, around, pad)
    check_names(source, bed, around)
    windows = cut.windows()
    dropped = DroppedRows.made(len(peaks.odd), partial(_odd_line, peaks)) + cut.dropped()
    could_pad = advice("; `pad=True` would fill up with N what a chromosome lacks") if cut.could_pad else []
    notes = left_out(dropped, len(dropped) + len(windows), "regions", strict, "".join(could_pad))
    notes += [*source.notes, *peaks.notes, *strands]
    return Inputs(windows, dict(source.sizes), notes_on_letters([cut.ambiguous]) + notes, dropped)


def windows_around(regions: Places, length: int) -> Places:
    """The windows of `length` bases [summit - length // 2, ...) around the summits of regions.

    One may begin before its chromosome does. Raises InputError for a length below 1.
    """
    if length < 1:
        raise InputError(f"a window needs a length of at least 1 base, not {length}")
    start = regions.summit - length // 2
    return replace(regions, start=start, end=start + length, offset=None)


def _odd_line(peaks: Regions, row: int) -> Dropped:
    where, reason = peaks.odd[row]
    return Dropped(where, None, f"{where} {reason}")


# --- the bases of regions ------------------------------------------------------------------------


def cut_out(source: Genome, around: Places, pad: bool) -> "Cut":
    """The bases of windows, as far as they lie on chromosomes of the genome."""
    if isinstance(source.source, Indexed):
        return source.source.settled(partial(_indexed, source, source.source, around, pad))
    return _spooled(source, around, pad)


def _indexed(source: Genome, indexed: Indexed, around: Places, pad: bool) -> "Cut":
    """By random access: all are read once, for what they hold, and again when they are asked for."""
    bases = GenomeBases(indexed)
    at = bases.begins(around.chroms)[around.chrom] + np.maximum(around.start, 0)
    cut = Cut(source, around, pad, bases, at)
    bases.surveyed(cut.content)
    return cut


def _spooled(source: Genome, around: Places, pad: bool) -> "Cut":
    """From a file that can only be read from its beginning to its end: all that windows cover is kept."""
    assert not isinstance(source.source, Indexed)
    spans, spool = Spans(around.chrom, around.start, around.end), Spool()
    by_number = spans.by_chromosome()
    wanted = {name: by_number[number] for number, name in enumerate(around.chroms) if number in by_number}
    source.source.copy(wanted, lambda at, letters: spool.put(at, letter_codes(letters)))
    spool.digest()
    return Cut(source, around, pad, spool, spans.at)


class Cut:
    """Windows as they are cut out of a genome, and which of them (`fits`) can be used.

    `at` (N,) are the places of their first bases in `bases`.
    """

    def __init__(self, source: Genome, around: Places, pad: bool, bases: Bases, at: Numbers) -> None:
        self._source, self._around, self._pad = source, around, pad
        self._bases, self._at = bases, at
        size = np.array([source.sizes.get(chrom, 0) for chrom in around.chroms], np.int64)[around.chrom]
        whole = (around.start >= 0) & (around.end <= size)
        self.could_pad = bool((~whole & (size > 0)).any()) and not pad
        self._inside = _inside(around, size)
        self.fits: npt.NDArray[np.bool_] = (self._inside[:, 0] < self._inside[:, 1]) & (whole | pad)
        width = self._inside[:, 1] - self._inside[:, 0]
        self._counts, self.content = survey(bases, at, width, np.flatnonzero(self.fits))
        self.fits = self.fits & (self._counts.illegal == 0)
        self.ambiguous = int(self._counts.ambiguous[self.fits].sum())

    def windows(self) -> Windows:
        """Those that can be used."""
        fits = slice(None) if self.fits.all() else self.fits
        around, inside = self._around.select(fits), self._inside[fits]
        lengths = (around.end - around.start).astype(np.int32)
        inside = np.where(around.minus[:, None], lengths[:, None] - inside[:, ::-1], inside)
        names, counted = RegionNames(around), self._counts.unknown[fits].copy()  # and not the other counts
        places = (around.chroms, around.chrom, around.start, lengths, around.minus)
        return Windows(self._bases, self._at[fits], names, *places, inside, counted=counted)

    def dropped(self) -> DroppedRows:
        """Those that cannot."""
        rows = np.flatnonzero(~self.fits)
        misfits = _Misfits(
            self._source,
            self._around.select(rows),
            self._pad,
            self._bases,
            self._at[rows],
            self._inside[rows],
        )
        return DroppedRows.made(len(rows), misfits.why)


def _inside(around: Places, size: Numbers) -> npt.NDArray[np.int32]:
    """The first and the end (N, 2) of windows' bases on their chromosomes, from the window's start on."""
    length = around.end - around.start
    first = np.clip(-around.start, 0, length)
    end = np.clip(size - around.start, first, length)
    return np.stack([first, end], axis=1).astype(np.int32)


class _Misfits(NamedTuple):
    """Windows that cannot be used."""

    source: Genome
    around: Places
    pad: bool
    bases: Bases
    at: Numbers
    inside: npt.NDArray[np.int32]

    def why(self, row: int) -> Dropped:
        """Why there is no window of a row."""
        region = self.around[row]
        where = replace(region, name=region.name or str(region))
        try:
            self.source.check(region, partly=self.pad)
            check_dna(str(region), self._text(row))
        except InputError as error:
            return Dropped(where.name, where, str(error))
        raise AssertionError(f"region {region} can be used")

    def _text(self, row: int) -> bytes:
        at, (first, end) = int(self.at[row]), self.inside[row].tolist()
        return text_of_letter_codes(self.bases.read(at, at + end - first).tobytes())


def check_names(source: Genome, bed: Path | str, regions: Places) -> None:
    """Raise InputError where several regions, and all of them, lie on chromosomes that there are not."""
    if len(regions) < 2 or any(name in source.sizes for name in regions.chroms):
        return
    names, known = list(islice(regions.chroms, _SHOWN)), ", ".join(islice(source.sizes, _SHOWN))
    other = source.other_name(names[0])
    cure = f": '{names[0]}' of the one is '{other}' of the other" if other else ""
    raise InputError(
        f"none of the {len(regions)} regions of {bed} lies on a chromosome of {source.path}: it names "
        f"{', '.join(names)}, the genome {known}; give both files the same names{cure}"
    )


def notes_on_strands(regions: Places, ignored: bool) -> list[str]:
    """How regions on strand '-' were read."""
    minus = int(regions.minus.sum())
    if not minus:
        return []
    turned = "; ".join(["read as the reverse complement", *advice("`ignore_strand=True` would not")])
    how = "strands were ignored" if ignored else turned
    return [f"{minus} of {len(regions)} regions lie on strand -: {how}"]
