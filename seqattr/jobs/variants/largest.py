"""Which variants do most to each target: their numbers while the file goes by, their rows from the table."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from seqattr.dna.variants import Variant

MOST_VARIANTS, MOST_TARGETS = 50, 12  # that are shown


class Largest:
    """For each of T targets the variants with the largest effects on it, by their numbers from 0; of equal
    effects those that come first.
    """

    def __init__(self, targets: int) -> None:
        self.each = max(1, MOST_VARIANTS // min(targets, MOST_TARGETS))  # so many of each target
        self.sizes = np.empty((targets, 0))
        self.numbers = np.empty((targets, 0), np.int64)

    def add(self, differences: npt.NDArray[np.floating], first: int) -> None:
        """Some more variants, from number `first` on, with differences (T, N)."""
        count = differences.shape[1]
        more = np.broadcast_to(np.arange(first, first + count), differences.shape)
        sizes = np.concatenate([self.sizes, np.abs(differences)], axis=1)
        numbers = np.concatenate([self.numbers, more], axis=1)
        order = np.argsort(-sizes, axis=1, kind="stable")[:, : self.each]
        self.sizes, self.numbers = (np.take_along_axis(one, order, 1) for one in (sizes, numbers))

    @property
    def targets(self) -> list[int]:
        """The targets that are shown, in order: of very many those with the largest effects."""
        return sorted(np.argsort(-self.sizes[:, 0], kind="stable")[:MOST_TARGETS].tolist())


class Row(NamedTuple):
    """A variant, and what the table says of it: the cells of each target that is shown."""

    variant: Variant
    cells: list[dict[str, str]]

    @property
    def largest(self) -> float:
        """The size of the largest of these effects."""
        return max(abs(float(cell["difference"])) for cell in self.cells)

    @property
    def place(self) -> str:
        """Where it begins, counted from 1: chr1:1,234."""
        return f"{self.variant.chrom}:{self.variant.start + 1:,}"

    @property
    def alleles(self) -> str:
        """What becomes of what: C > G."""
        return self.variant.change.replace(">", " > ")

    def __str__(self) -> str:
        what = f"{self.place} {self.alleles}"
        return f"{self.variant.name} ({what})" if self.variant.name else what


class Shown(NamedTuple):
    """The variants with the largest effects on the targets that are shown; and of each target the first."""

    rows: list[Row]
    tops: list[tuple[Row, dict[str, str]]]


def read_largest(path: Path, largest: Largest) -> Shown:
    """What is shown, from the table of all variants, those of larger effects first."""
    targets = largest.targets
    lines = lines_of_variants(path, set(largest.numbers[targets].ravel().tolist()), len(largest.sizes))
    found = {number: Row(variant_of(some[0]), [some[target] for target in targets]) for number, some in lines}
    tops = [found[int(largest.numbers[target, 0])] for target in targets]
    rows = sorted(found.values(), key=lambda row: -row.largest)
    return Shown(rows, [(row, row.cells[n]) for n, row in enumerate(tops)])


def lines_of_variants(
    path: Path, numbers: Collection[int], targets: int
) -> Iterator[tuple[int, list[dict[str, str]]]]:
    """The lines of some of a table's variants, which have one for each target, in the order of the file."""
    lines: list[dict[str, str]] = []
    with open(path, encoding="utf-8") as file:
        names = next(file).rstrip("\n").split("\t")
        for at, line in enumerate(file):
            if at // targets in numbers:
                lines.append(dict(zip(names, line.rstrip("\n").split("\t"), strict=True)))
            if len(lines) == targets:
                yield at // targets, lines
                lines = []


def variant_of(cells: Mapping[str, str]) -> Variant:
    """The variant of a line of the table."""
    ref, alt = ("" if cells[name] == "-" else cells[name] for name in ("ref", "alt"))
    name = "" if cells["name"] == "." else cells["name"]
    return Variant(cells["chrom"], int(cells["start"]), ref, alt, name)
