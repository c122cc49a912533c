"""What a run over variants found, for the terminal and the page."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from seqattr.analyses.variants import VariantEffects
from seqattr.jobs.variants.largest import Largest, Shown
from seqattr.jobs.variants.null import Sample
from seqattr.jobs.variants.windows import MISMATCH, Cut
from seqattr.support.ranks import SURE


class Large(NamedTuple):
    """A variant of a large effect: the largest of any target, less its number in the file, by which of equal
    ones the first counts for more, and what is known."""

    size: float
    less: int
    cut: Cut
    effects: VariantEffects  # of this one, (T, 1)

    @property
    def target(self) -> str:
        """The one in which it changes most."""
        return self.effects.targets[int(self.effects.difference[:, 0].abs().argmax())]


@dataclass
class Summary:
    """What was found, and what was left out for which kinds of reasons."""

    out: Path
    targets: tuple[str, ...]
    units: tuple[str, ...]
    sample: Sample
    variants: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    largest: list[Large] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    first_reason: str = ""
    explained: list[str] = field(default_factory=list)  # files of contributions
    shown: Shown = field(default_factory=lambda: Shown([], []))
    sure: dict[str, int] = field(default_factory=dict)  # variants beyond chance of each target, where asked
    too_few: str = ""  # effects by chance, to be sure of more

    def __post_init__(self) -> None:
        self.tops = Largest(len(self.targets))

    @property
    def total(self) -> int:
        """Variants in the file."""
        return self.variants + self.dropped.total()

    @property
    def kinds(self) -> str:
        """For what how many were left out: symbolic allele: 2, breakend: 1."""
        return ", ".join(f"{kind}: {number:,}" for kind, number in self.dropped.most_common())

    def left_out(self) -> str:
        """How many were left out, and for what; empty if none was."""
        if not self.dropped.total():
            return ""
        line = f"{self.dropped.total():,} of {self.total:,} variants were left out ({self.kinds})"
        wrong = self.dropped[MISMATCH] > self.total / 4
        return f"{line}; is the genome the assembly that the variants were called on?" if wrong else line

    def effects(self) -> list[str]:
        """For each target shown its largest effect, and how many variants do more to it than chance."""
        lines = []
        for row, cells in self.shown.tops:
            target = cells["target"]
            line = f"{target}: largest effect {float(cells['difference']):+.3g} {cells['unit']}, {row}"
            if self.sure:
                line += f"; {self.sure[target]:,} of {self.variants:,} beyond chance (q < {SURE:g})"
            lines.append(line)
        return lines
