"""Variants: alleles at a place of a genome, and the windows that hold them.

Coordinates are 0-based, as in BED. A window of length L has a variant's first base at L // 2, as windows
around regions have their summit; what lies left of the variant stays in its place whatever the allele, and
the right end takes more or fewer bases of the genome. Read on the other strand (`anchor` "right") it is the
other way round.
"""

from typing import Literal, NamedTuple

from seqattr.errors import as_line

Anchor = Literal["left", "right"]
_SHOWN = 20


class Variant(NamedTuple):
    """`alt` in place of the bases `ref` that begin at `start`; either may be empty. `line` is of its file."""

    chrom: str
    start: int
    ref: str
    alt: str
    name: str = ""
    line: int = 0

    @property
    def end(self) -> int:
        """Behind the last base of the reference allele."""
        return self.start + len(self.ref)

    @property
    def label(self) -> str:
        """Its name, else what it is: chr1:12:A>G, the position counted from 1."""
        return self.name or str(self)

    @property
    def change(self) -> str:
        """What becomes of what: A>G."""
        return f"{shortened(self.ref) or '-'}>{shortened(self.alt) or '-'}"

    def __str__(self) -> str:
        return f"{self.chrom}:{self.start + 1}:{self.change}"


class Flanks(NamedTuple):
    """The bases [start, end) of a genome from which the windows of both alleles are cut, and where the
    variant's bases begin in them."""

    start: int
    end: int
    at: int


def shortened(allele: str) -> str:
    """An allele as it is shown, in one line: of a long one the first bases, and how many there are."""
    shown = as_line(allele[:_SHOWN])
    return shown if len(allele) <= _SHOWN else f"{shown}...({len(allele)})"


def flanks(variant: Variant, length: int, anchor: Anchor = "left") -> Flanks:
    """What the windows of `length` bases of both alleles need of the genome."""
    before = length // 2 if anchor == "left" else length - length // 2
    spare = max(0, len(variant.ref) - len(variant.alt))
    if anchor == "left":
        start = variant.start - before
        return Flanks(start, start + length + spare, before)
    end = variant.end + length - before
    return Flanks(end - length - spare, end, variant.start - (end - length - spare))


def alleles(variant: Variant, bases: str, at: int, length: int, anchor: Anchor = "left") -> tuple[str, str]:
    """The windows with the reference and with the alternative allele, of what `flanks` says (its bases)."""
    changed = bases[:at] + variant.alt + bases[at + len(variant.ref) :]
    if anchor == "left":
        return bases[:length], changed[:length]
    return bases[len(bases) - length :], changed[len(changed) - length :]
