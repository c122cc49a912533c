"""How bases along an axis are numbered: on a genome, also backwards, or within a sequence."""

from collections.abc import Iterator
from typing import NamedTuple

from matplotlib.axes import Axes

from seqattr.dna.regions import Region, parse_header
from seqattr.figures.numbers import minus

TICK_POINTS = 7.0
LETTER_INCHES = 0.64 * TICK_POINTS / 72  # a digit of the usual font
GAP_INCHES = 0.45  # between the texts of two ticks, at least
LEAST_STEP = 5  # bases from tick to tick, unless there are only a few


class Ruler(NamedTuple):
    """Base r of a row has the number `origin` + r, or `origin` - r where it runs `backwards`; `label` says
    of what these are numbers."""

    origin: int = 0
    backwards: bool = False
    label: str = "position (bp)"

    @classmethod
    def on_genome(cls, chrom: str, start: int, end: int, strand: str = "+") -> "Ruler":
        """That of a row that lies on [start, end) of a chromosome; on strand '-' it runs backwards."""
        if strand == "-":
            return cls(end - 1, True, f"{chrom} (bp, 0-based); strand −, so numbers run backwards")
        return cls(start, False, f"{chrom} (bp, 0-based)")

    @classmethod
    def within(cls, name: str) -> "Ruler":
        """That of a sequence whose place is not known."""
        return cls(0, False, f"position in {name} (bp, 0-based)" if name else cls().label)

    @classmethod
    def of(cls, region: Region) -> "Ruler":
        """That of a region: on the genome, which its name may tell, or within a sequence."""
        if region.start or region.chrom != region.name:
            return cls.on_genome(region.chrom, region.start, region.end, region.strand)
        named = parse_header(region.name, region.end)
        if named is None:
            return cls.within(region.name)
        strand = named.strand if region.strand == "+" else "+-"[named.strand == "+"]
        return cls.on_genome(named.chrom, named.start, named.end, strand)

    def number(self, base: int) -> int:
        """Of a base of the row."""
        return self.origin - base if self.backwards else self.origin + base

    def base(self, number: int) -> int:
        """The base of the row that has a number."""
        return self.origin - number if self.backwards else number - self.origin

    def ticks(self, start: int, end: int, inches: float) -> list[tuple[int, str]]:
        """Bases of [start, end) with round numbers, and these with commas between thousands.

        As many as have room, drawn `inches` wide.
        """
        ends = self.number(start), self.number(end - 1)
        low, high = min(ends), max(ends)
        per_text = LETTER_INCHES * max(len(f"{number:,}") for number in ends) + GAP_INCHES
        step = next(step for step in round_steps() if step * inches >= per_text * (end - start))
        step = max(step, min(LEAST_STEP, end - start))
        numbers = range(-(-low // step) * step, high + 1, step) or [low]
        return [(self.base(number), minus(f"{number:,}")) for number in numbers]


def round_steps() -> Iterator[int]:
    """1, 2, 5, 10, 20, 50, 100 ..."""
    power = 1
    while True:
        yield from (power, 2 * power, 5 * power)
        power *= 10


def draw_ruler(axes: Axes, ruler: Ruler, start: int, end: int) -> None:
    """Ticks of an axis on which base r of a row stands at r, and [start, end) are drawn, and its label."""
    ticks = ruler.ticks(start, end, inches_across(axes))
    axes.set_xticks([base for base, _ in ticks], [text for _, text in ticks])
    axes.tick_params(axis="x", labelsize=TICK_POINTS)
    axes.set_xlabel(ruler.label, fontsize=8)


def inches_across(axes: Axes) -> float:
    """How wide axes will be, about: a layout that is not settled leaves room for names at the side."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    share = axes.get_position(original=True).width
    return float(share * figure.get_size_inches()[0])
