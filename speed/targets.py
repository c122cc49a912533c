"""What is asked of seqattr, and whether a run shows it."""

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from speed.figures import Figure
from speed.timing import Row


class Target(NamedTuple):
    """In words; the figure it is about; at least or at most; how much."""

    text: str
    figure: str
    bound: Literal["at least", "at most"]
    limit: float

    def met(self, value: float) -> bool:
        return value >= self.limit if self.bound == "at least" else value <= self.limit


# One thread; contributions and additivity over all threads and cases.
TARGETS = (
    Target(
        "Rescale, TAL-GATA CNN, against tangermeme",
        "tal-gata/rescale/1t/20r speed over tangermeme",
        "at least",
        4,
    ),
    Target("Rescale, BPNet counts", "bpnet-counts/rescale/1t/20r speed over tangermeme", "at least", 4.5),
    Target("three targets, TAL-GATA CNN", "tal-gata/rescale/3t/20r speed over tangermeme", "at least", 6),
    Target("Rescale, Basset-like", "basset/rescale/1t/20r speed over tangermeme", "at least", 3),
    Target("RevealCancel, TAL-GATA CNN", "tal-gata/revealcancel/1t/20r time over rescale", "at most", 2.5),
    Target("RevealCancel, Basset-like", "basset/revealcancel/1t/20r time over rescale", "at most", 2.5),
    Target(
        "RevealCancel, BPNet counts", "bpnet-counts/revealcancel/1t/20r time over rescale", "at most", 2.5
    ),
    Target(
        "peak memory, BPNet counts, default batches",
        "bpnet-counts/rescale/1t/20r memory over tangermeme by default",
        "at most",
        0.5,
    ),
    Target("seqattr score over the engine alone", "score over engine", "at most", 1.15),
    Target("memory of score, ten times the rows", "score-memory many over few", "at most", 1.1),
    Target("mutagenesis over a naive loop, BPNet counts", "ism bpnet-counts speed over naive", "at least", 3),
    Target("mutagenesis over a naive loop, Basset-like", "ism basset speed over naive", "at least", 5),
    Target("contributions beside float64", "worst error of contributions", "at most", 1e-5),
    Target("additivity error", "worst additivity error", "at most", 1e-4),
)


# On one H100 or H200, 20 references, medians of ratios in one run; float32 unless named.
GPU_TARGETS = (
    Target("TAL-GATA CNN, against tangermeme", "tal-gata/rescale tangermeme over seqattr", "at least", 8),
    Target("BPNet counts", "bpnet-counts/rescale tangermeme over seqattr", "at least", 6),
    Target(
        "BPNet counts, bfloat16x3",
        "bpnet-counts/rescale tangermeme over seqattr bfloat16x3",
        "at least",
        8,
    ),
    Target("ChromBPNet's size", "chrombpnet/rescale tangermeme over seqattr", "at least", 4),
    Target(
        "ChromBPNet's size, bfloat16x3",
        "chrombpnet/rescale tangermeme over seqattr bfloat16x3",
        "at least",
        8,
    ),
    Target("Basset-like", "basset/rescale tangermeme over seqattr", "at least", 5),
    Target("RevealCancel over Rescale, the slowest", "revealcancel over rescale", "at most", 2.2),
    Target("contributions beside float64, but ties", "float32 worst sequence", "at most", 1e-5),
    Target("the same, bfloat16x3", "bfloat16x3 worst sequence", "at most", 1e-4),
    Target("additivity error, worst pair", "float32 worst additivity", "at most", 1e-4),
    Target("peak memory, BPNet counts, GiB", "bpnet-counts peak memory", "at most", 8),
    Target("tests that need a GPU and fail", "tests fail", "at most", 0),
)


class Judgement(NamedTuple):
    """A target with what was measured; None where this run did not measure it."""

    target: Target
    value: float | None

    @property
    def word(self) -> str:
        if self.value is None:
            return "not measured"
        return "met" if self.target.met(self.value) else "MISSED"


def judge(rows: Iterable[Row], figures: Iterable[Figure]) -> list[Judgement]:
    """Every target beside this run's figures."""
    return beside(TARGETS, {figure.name: figure.value for figure in figures} | figures_of(list(rows)))


def beside(targets: Iterable[Target], known: Mapping[str, float]) -> list[Judgement]:
    """Targets beside figures, by their names."""
    return [Judgement(target, known.get(target.figure)) for target in targets]


def figures_of(rows: list[Row]) -> dict[str, float]:
    """The figures that follow from rows: speeds on one thread, and the worst errors of seqattr."""
    figures = {}
    for row in rows:
        if row.threads != 1 or row.ratio is None:
            continue
        figures[f"{row.case} speed over {row.tool}"] = row.ratio
        if row.tool == "own rescale":
            figures[f"{row.case} time over rescale"] = 1 / row.ratio
    rows_of_seqattr = [row for row in rows if row.tool == "seqattr"]
    for what, name in (
        ("worst_error", "worst error of contributions"),
        ("additivity", "worst additivity error"),
    ):
        values = [value for row in rows_of_seqattr if (value := getattr(row, what)) is not None]
        if values:
            figures[name] = max(values)
    return figures
