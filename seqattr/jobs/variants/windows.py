"""From variants to the windows of both alleles, cut out of a genome; and why there are none of some."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np

from seqattr.dna.alphabet import UNKNOWN, encode
from seqattr.dna.regions import Region
from seqattr.dna.variants import Flanks, Variant, alleles, flanks, shortened
from seqattr.errors import InputError
from seqattr.io.fasta.index import Indexed
from seqattr.io.fasta.records import Genome
from seqattr.io.vcf import OddVariant
from seqattr.jobs.variants.settings import VariantFile

BLOCK = 1024  # variants at once, of a genome with random access
STREAMED_BASES, STREAMED_BLOCK = 1 << 27, 1 << 16  # of one that is read from its beginning for each block
FAR = 1 << 40  # bases, more than any chromosome has
OTHER_CHROMOSOME, OFF_END = "unknown chromosome", "beyond the end"
MISMATCH, OUTSIDE, LONG = "reference mismatch", "window leaves the chromosome", "allele too long"
UNKNOWN_BASES, ODD_GENOME, NO_NUMBER = "too much N", "no DNA letter in the genome", "no number"


class Cut(NamedTuple):
    """A variant and what surrounds it: the bases of both windows' reference, and where it begins in them."""

    variant: Variant
    bases: str
    at: int


class Dropped(NamedTuple):
    """What is left out: which kind of reason it is, and what of the file, with the reason in words."""

    kind: str
    row: OddVariant


class Block(NamedTuple):
    """B variants with the codes (B, L) of their windows; and what was dropped among them."""

    cuts: list[Cut]
    references: np.ndarray
    alternatives: np.ndarray
    dropped: list[Dropped]


class Windows:
    """The windows of `length` bases of a file's variants, block by block."""

    def __init__(self, file: VariantFile, length: int) -> None:
        self.file, self.length = file, length
        self.genome = Genome(file.genome)
        self.renamed: dict[str, str] = {}  # chromosomes that the genome has under another name

    def blocks(self) -> Iterator[Block]:
        """Each with as many rows of the file as are cut out at once."""
        rows = self.file.rows()
        while some := list(islice(rows, self._rows_at_once)):
            yield self.block(some)

    @property
    def _rows_at_once(self) -> int:
        if isinstance(self.genome.source, Indexed):
            return BLOCK
        return max(BLOCK, min(STREAMED_BLOCK, STREAMED_BASES // self.length))

    def block(self, rows: Sequence[Variant | OddVariant]) -> Block:
        """The windows of some rows."""
        dropped: list[Dropped] = []
        placed = [found for row in rows if (found := self._placed(row, dropped)) is not None]
        texts = self.genome.texts_of([region for _, region, _ in placed])
        cuts: list[Cut] = []
        pairs: list[tuple[np.ndarray, np.ndarray]] = []
        for (variant, region, at), text in zip(placed, texts, strict=True):
            cut = Cut(variant, self._padded(text, region), at)
            try:
                pairs.append(self._pair(cut))
                cuts.append(cut)
            except Misfit as misfit:
                dropped.append(misfit.dropped)
        codes = np.array(pairs, np.uint8).reshape(len(pairs), 2, self.length)
        return Block(cuts, codes[:, 0], codes[:, 1], sorted(dropped, key=lambda one: one.row.line))

    def places(self, cuts: Sequence[Cut]) -> np.ndarray:
        """Where the windows of reference alleles begin (N,), chromosomes far from each other."""
        chroms = {name: number for number, name in enumerate(dict.fromkeys(c.variant.chrom for c in cuts))}
        places = []
        for variant, _, _ in cuts:
            around = flanks(variant, self.length, self.file.anchor)
            start = around.start if self.file.anchor == "left" else around.end - self.length
            places.append(chroms[variant.chrom] * FAR + start)
        return np.array(places, np.int64)

    # --- where it lies -------------------------------------------------------------------------

    def _placed(
        self, row: Variant | OddVariant, dropped: list[Dropped]
    ) -> tuple[Variant, Region, int] | None:
        """A variant with the region of the genome that its windows need, and where it begins in there."""
        try:
            if isinstance(row, OddVariant):
                raise Misfit(row.kind, row)
            chrom = self._chromosome(row)
            around = flanks(row, self.length, self.file.anchor)
            self._check_place(row, chrom, around)
        except Misfit as misfit:
            dropped.append(misfit.dropped)
            return None
        return row, Region(chrom, around.start, around.end), around.at

    def _chromosome(self, variant: Variant) -> str:
        """What the genome calls it."""
        if variant.chrom in self.genome.sizes:
            return variant.chrom
        other = self.renamed.get(variant.chrom) or self.genome.other_name(variant.chrom)
        if other is None:
            known = ", ".join(islice(self.genome.sizes, 3))
            raise misfit(
                OTHER_CHROMOSOME, variant, f"the genome has no '{variant.chrom}' (it begins with {known})"
            )
        self.renamed[variant.chrom] = other
        return other

    def _check_place(self, variant: Variant, chrom: str, around: Flanks) -> None:
        """Raises Misfit where there is no room for the windows."""
        size = self.genome.sizes[chrom]
        longest = max(len(variant.ref), len(variant.alt))
        most = self.length - self.length // 2
        if variant.end > size or (not variant.ref and variant.start > size):
            raise misfit(OFF_END, variant, f"it lies beyond the end of {chrom}, which has {size} bases")
        if longest > most:
            raise misfit(
                LONG, variant, f"an allele has {longest} bases; a window of {self.length} has {most} for one"
            )
        if not self.file.pad and not 0 <= around.start <= around.end <= size:
            window = f"{chrom}:{around.start}-{around.end}"
            raise misfit(OUTSIDE, variant, f"its window {window} leaves {chrom}, which has {size} bases")

    # --- the bases -----------------------------------------------------------------------------

    def _padded(self, text: str, region: Region) -> str:
        """As long as the region, with N for what the chromosome lacks."""
        before = max(0, -region.start)
        return ("N" * before + text.upper()).ljust(region.end - region.start, "N")

    def _pair(self, cut: Cut) -> tuple[np.ndarray, np.ndarray]:
        """The codes (L) of both windows. Raises Misfit."""
        variant, bases, at = cut
        there = bases[at : at + len(variant.ref)]
        if there != variant.ref:
            raise misfit(MISMATCH, variant, mismatch(variant, bases, at))
        windows = alleles(variant, bases, at, self.length, self.file.anchor)
        try:
            first, second = map(encode, windows)
        except InputError as error:
            raise misfit(ODD_GENOME, variant, str(error)) from error
        share = max(np.mean(codes == UNKNOWN) for codes in (first, second))
        if self.file.max_n is not None and share > self.file.max_n:
            raise misfit(UNKNOWN_BASES, variant, f"{share:.0%} of its window is N")
        return first, second


def mismatch(variant: Variant, bases: str, at: int) -> str:
    """What the genome has instead of the reference allele."""
    there = bases[at : at + len(variant.ref)]
    line = f"the genome has {shortened(there)} where the reference allele is {shortened(variant.ref)}"
    swapped = variant.alt and bases[at : at + len(variant.alt)] == variant.alt
    return f"{line}; it has the alternative allele: are the two swapped?" if swapped else line


class Misfit(Exception):
    """A row without windows."""

    def __init__(self, kind: str, row: OddVariant) -> None:
        super().__init__(row.reason)
        self.dropped = Dropped(kind, row)


def misfit(kind: str, variant: Variant, reason: str) -> Misfit:
    """A variant without windows, and why."""
    return Misfit(kind, odd(variant, reason))


def odd(variant: Variant, reason: str) -> OddVariant:
    """A variant as a row that is left out."""
    return OddVariant(
        variant.line,
        reason,
        variant.chrom,
        variant.start,
        variant.ref or "-",
        variant.alt or "-",
        variant.name,
    )
