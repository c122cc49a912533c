"""What a run on a GPU found, and what follows from it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import torch

from seqattr.engine.numerics.gpu.available import FAILED
from seqattr.engine.numerics.gpu.choice import CHOICES
from speed import record, targets
from speed.figures import Figure
from speed.rounding import Rounding
from speed.single import Form
from speed.targets import GPU_TARGETS, Judgement
from speed.timing import Row


@dataclass
class Findings:
    """What was measured so far, how long that took, and what was left out, and why."""

    rows: list[Row] = field(default_factory=list)
    roundings: list[Rounding] = field(default_factory=list)
    forms: list[Form] = field(default_factory=list)
    measured: list[Figure] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)  # by the tests, at their end

    @property
    def figures(self) -> list[Figure]:
        return [*self.measured, *of_rows(self.rows), *of_roundings(self.roundings)]

    @property
    def judgements(self) -> list[Judgement]:
        return targets.beside(GPU_TARGETS, {figure.name: figure.value for figure in self.figures})

    @property
    def faults(self) -> list[str]:
        """What is wrong, not only slow: answers of seqattr, and tests."""
        wrong = [f"{row.case}: {row.verdict}" for row in self.rows if ours(row) and row.verdict != "ok"]
        failed = [f"{name}: {why}" for name, why in self.left_out.items() if why.startswith("failed")]
        tests = [f"{figure.name}" for figure in self.measured if figure.name == TESTS and figure.value]
        return [*wrong, *failed, *tests, *(f"our kernels: {error}" for error in FAILED)]

    def write(self, path: Path, device: torch.device) -> None:
        more = {
            "rounding": [one._asdict() for one in self.roundings],
            "convolutions": [form._asdict() for form in self.forms],
            "choices": CHOICES.known(),
            "seconds": self.seconds,
            "left out": self.left_out,
            "tests": self.said,
        }
        record.write(path, self.rows, self.figures, self.judgements, device, more)


TESTS = "tests fail"


def ours(row: Row) -> bool:
    return row.tool.startswith("seqattr")


def of_rows(rows: Iterable[Row]) -> list[Figure]:
    """A peer's time over each of seqattr's, and that of a rule over Rescale's, in the same rounds, as in
    `bpnet-counts/rescale tangermeme over seqattr`.
    """
    figures = []
    by_case: dict[str, dict[str, float]] = {}
    for row in rows:
        if row.ratio is not None:
            by_case.setdefault(row.case.rsplit("/", 2)[0], {})[row.tool] = row.ratio
    for case, ratios in by_case.items():
        mine = {tool: ratio for tool, ratio in ratios.items() if tool.startswith("seqattr")}
        for tool, ratio in ratios.items():
            if tool == "own rescale":
                figures.append(Figure(f"{case} over rescale", 1 / ratio, "times"))
            elif tool not in mine:
                figures += [
                    Figure(f"{case} {tool} over {name}", ratio / own, "times") for name, own in mine.items()
                ]
    slower = [figure.value for figure in figures if figure.name.endswith("revealcancel over rescale")]
    return [*figures, Figure("revealcancel over rescale", max(slower), "times")] if slower else figures


def of_roundings(roundings: Iterable[Rounding]) -> list[Figure]:
    """The worst of all networks, for each kind of products."""
    found: dict[str, list[Rounding]] = {}
    for one in roundings:
        found.setdefault(one.products, []).append(one)
    return [
        figure
        for products, some in found.items()
        for figure in (
            Figure(f"{products} worst sequence", max(one.without_ties for one in some), "of the largest"),
            Figure(f"{products} sequences with ties", sum(one.ties for one in some), "sequences"),
            Figure(f"{products} worst additivity", max(one.additivity for one in some), ""),
        )
    ]
