"""The figures of the benchmark: as many rows as there are methods, however many these become."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from textwrap import wrap
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from seqattr.data.simulate import CLASSES, LABELS, TASKS, Simulation
from seqattr.dna.alphabet import one_hot
from seqattr.figures.bars import Panel, bar_figure
from seqattr.figures.boxes import Box
from seqattr.figures.drawings import Drawing
from seqattr.figures.logos import contribution_logos
from seqattr.figures.style import MOST_DRAWN, SERIES, plain
from seqattr.io.hdf5.stored import open_contributions
from seqattr.jobs.units import contribution_unit
from seqattr.motifs.matches import STRONG
from seqattr.tal_gata.evidence import Evidence, Run
from seqattr.tal_gata.measures import OTHER
from seqattr.tal_gata.summary import POOLED, Summary

SCATTER_INCHES = (2.65, 1.55)
# Sequences of each class in a scatter: all it takes to see.
POINTS_PER_CLASS = 100
CLASS_NAMES = ("both motifs", "GATA1 only", "TAL1 only", "none")
CLASS_COLOURS = (SERIES[1], SERIES[0], SERIES[2], "#000000")
DRAWN_BASES = 120
SPAN = 90  # within which both motifs must lie to be drawn
NAME_LETTERS = 16  # of a method's name on one line beside a row
# What the page shows where there are more than MOST_DRAWN methods; all are in a file beside it.
PAPER = (
    *("deeplift", "deeplift-rescale", "deeplift-revealcancel"),
    *("integrated-gradients-10", "gradient", "guided-backprop"),
)
SHORT = "_paper"  # ends the name of such a figure


class Asked(NamedTuple):
    """A measure of one motif, or of both pooled, under its title."""

    title: str
    measure: str
    motif: str = POOLED


QUALITY = (
    Asked("AUROC", "auroc"),
    Asked("average precision", "average_precision"),
    Asked("precision", "precision"),
    Asked("recall", "recall"),
)


def drawings(evidence: Evidence, summary: Summary) -> Iterator[Drawing]:
    """All figures, in the order of the page."""
    refs = evidence.references[0]
    motifs = [motif.name for motif in evidence.matches.motifs]
    yield Drawing(
        "fig5b_missed",
        f"Share of strong matches (log-odds ≥ {STRONG:g}) with importance ≤ 0 for the task “both”, in "
        f"sequences that hold both motifs; references: {refs}. Figure 5b, and appendix E.",
        *bars(summary, [Asked(f"{motif} missed", "not_positive", motif) for motif in motifs], [refs]),
    )
    yield Drawing(
        "off_task",
        "Share of strong matches with importance above a tenth of the motif's own median in the other "
        f"motif's task; references: {refs}.",
        *bars(summary, [Asked(f"{m} credited in {OTHER[m]}", "off_task", m) for m in motifs], [refs]),
    )
    for number, motif in enumerate(motifs):
        caption = (
            f"Importance against log-odds of the five best {motif} matches of a sequence, by task and "
            f"method; {evidence.drawn_runs[0].net}, references: {refs}. "
            f"{'Figure 5a' if number == 0 else 'Appendix E'}."
        )
        yield from by_methods(f"fig5a_{motif}", caption, partial(scatter_grid, evidence, number), evidence)
    row = telling_sequence(evidence)
    if row is not None:
        draw = partial(sequence_figure, evidence, row)
        yield from by_methods("fig6_sequence", caption_of(evidence, row), draw, evidence)
    yield Drawing(
        "quality",
        "AUROC and average precision of the contributions to “both” against planted positions; precision and "
        f"recall of the matches credited in their own task against the planted ones; references: {refs}.",
        *bars(summary, QUALITY, [refs]),
    )
    if len(evidence.references) > 1:
        yield appendix_j(evidence, summary, motifs)


def by_methods(
    name: str, caption: str, draw: Callable[[Sequence[Run]], Figure], evidence: Evidence
) -> Iterator[Drawing]:
    """A figure that has a row for each method; where these are many, also one of the paper's alone."""
    runs = evidence.drawn_runs
    yield Drawing(name, caption, draw(runs))
    if len(runs) > MOST_DRAWN:
        some = [run for run in runs if run.method in PAPER] or runs[:MOST_DRAWN]
        yield Drawing(name + SHORT, f"{caption} {len(some)} of {len(runs)} methods.", draw(some))


def bars(summary: Summary, measures: Sequence[Asked], references: Sequence[str]) -> tuple[Figure, Figure]:
    """A panel for each measure and a row for each method: of one kind of references all that was scored
    against it, of several what was scored against more than one. For a wide page and for a narrow one.
    """
    names = [name for refs in references for name in summary.methods(refs)]
    methods = [name for name in dict.fromkeys(names) if len(references) == 1 or names.count(name) > 1]
    panels = [
        Panel(
            asked.title,
            [
                [summary.get(asked.measure, method, refs, asked.motif) for method in methods]
                for refs in references
            ],
        )
        for asked in measures
    ]
    wide, narrow = (bar_figure(panels, references, methods, stacked) for stacked in (False, True))
    return wide, narrow


def appendix_j(evidence: Evidence, summary: Summary, motifs: Sequence[str]) -> Drawing:
    """Methods that were scored against several kinds of references."""
    measures = [Asked(f"{motif} missed", "not_positive", motif) for motif in motifs]
    measures.append(Asked("credited in the other's task", "off_task"))
    measures.append(Asked("average precision", "average_precision"))
    caption = f"References compared: {', '.join(evidence.references)}. Appendix J."
    return Drawing("appendix_j_references", caption, *bars(summary, measures, evidence.references))


# --- Fig. 5a -------------------------------------------------------------------------------------


def drawn_matches(evidence: Evidence) -> np.ndarray:
    """Which matches (K,) are drawn: those of the first sequences of each class."""
    classes = np.where(evidence.drawn_sequences, classes_of(evidence.simulation), -1)
    rows = np.concatenate([np.flatnonzero(classes == one)[:POINTS_PER_CLASS] for one in range(len(CLASSES))])
    mask: np.ndarray = np.isin(evidence.matches.sequence, rows)
    return mask


def classes_of(simulation: Simulation) -> np.ndarray:
    """The class (N,) of each sequence, as CLASSES has them."""
    order = {tuple(label): number for number, label in enumerate(LABELS)}
    return np.array([order[tuple(row)] for row in simulation.labels.tolist()])


def scatter_grid(evidence: Evidence, number: int, runs: Sequence[Run]) -> Figure:
    """A row for each method, a column for each task."""
    width, height = SCATTER_INCHES
    size = (width * len(TASKS) + 0.6, height * len(runs) + 0.9)
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(len(runs), len(TASKS), sharey="row", squeeze=False)
    drawn = drawn_matches(evidence) & (evidence.matches.motif == number)
    matches = evidence.matches.select(drawn)
    classes = classes_of(evidence.simulation)[matches.sequence]
    span = span_of(matches.log_odds)
    for row, run in zip(grid, runs, strict=True):
        for axes, task in zip(row, TASKS, strict=True):
            draw_scatter(axes, matches.log_odds, run.importance[task][drawn], classes)
            # Not by sharing the axis, which takes a time that grows as the square of the number of panels.
            axes.set_xlim(span)
            axes.tick_params(labelbottom=run is runs[-1])
        row[0].set_ylabel(lines_of(run.method), fontsize=8)
    for axes, task in zip(grid[0], TASKS, strict=True):
        unit = contribution_unit(runs[0].scores.run, task)
        axes.set_title(f"importance for {task} ({unit})", fontsize=9)
    figure.supxlabel(f"log-odds of the {matches.motifs[number].name} match (nats)", fontsize=9)
    figure.legend(handles=class_marks(), loc="outside upper center", ncols=4, fontsize=8, frameon=False)
    return figure


def span_of(values: np.ndarray) -> tuple[float, float]:
    """The ends of an axis that has all values, with a margin."""
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    margin = 0.05 * (high - low) or 0.5
    return low - margin, high + margin


def lines_of(method: str) -> str:
    """A method's name beside its row, broken where it is long."""
    return "\n".join(wrap(method, NAME_LETTERS, break_long_words=False))


def class_marks() -> list[Line2D]:
    """The legend's points, one for each class of sequences."""
    look: dict[str, Any] = {"linestyle": "none", "marker": "o", "markersize": 5}
    return [
        Line2D([], [], color=colour, label=name, **look)
        for colour, name in zip(CLASS_COLOURS, CLASS_NAMES, strict=True)
    ]


def draw_scatter(axes: Axes, log_odds: np.ndarray, importance: np.ndarray, classes: np.ndarray) -> None:
    """A point for each match (K,), in the colour of its sequence's class."""
    axes.axhline(0, color="0.6", linewidth=0.6, zorder=0)
    axes.axvline(STRONG, color="0.6", linewidth=0.8, linestyle=":", zorder=0)
    look: dict[str, Any] = {"s": 5, "linewidths": 0, "alpha": 0.55, "rasterized": True}
    mixed = np.random.default_rng(0).permutation(len(classes))  # so that no class lies on top of the others
    colours = np.array(CLASS_COLOURS)[classes[mixed]]
    axes.scatter(log_odds[mixed], importance[mixed], c=colours, **look)
    axes.tick_params(labelsize=7)
    axes.yaxis.set_major_locator(MaxNLocator(4))
    plain(axes)


# --- Fig. 6 --------------------------------------------------------------------------------------


def telling_sequence(evidence: Evidence) -> int | None:
    """The sequence to draw: with one of each motif, near each other, about which the methods differ most.

    They differ by what they give the motif that they give least, as a share of all; None where no sequence
    has one of each.
    """
    sites = planted_in(evidence.simulation)
    drawn = evidence.drawn_sequences
    rows = [row for row, boxes in sites.items() if one_of_each(boxes) and near(boxes) and drawn[row]]
    if not rows:
        return None
    shares = np.array([run.weakest[rows] for run in evidence.drawn_runs])
    return int(rows[int(np.argmax(shares.max(axis=0) - shares.min(axis=0)))])


def one_of_each(boxes: Sequence[Box]) -> bool:
    """Whether they are two different motifs."""
    return len({box.name for box in boxes}) == len(boxes) == 2


def near(boxes: Sequence[Box]) -> bool:
    """Whether one figure shows all of them."""
    return max(box.end for box in boxes) - min(box.start for box in boxes) <= SPAN


def planted_in(simulation: Simulation) -> Mapping[int, list[Box]]:
    """The planted motifs of each sequence."""
    sites: dict[int, list[Box]] = {}
    for site in simulation.planted:
        sites.setdefault(site.sequence, []).append(Box(site.start, site.end, site.motif))
    return sites


def sequence_figure(evidence: Evidence, row: int, runs: Sequence[Run]) -> Figure:
    """Contributions to `both` under each method, planted motifs boxed."""
    boxes = planted_in(evidence.simulation)[row]
    length = evidence.simulation.codes.shape[1]
    middle = (min(box.start for box in boxes) + max(box.end for box in boxes)) // 2
    start = max(0, min(middle - DRAWN_BASES // 2, length - DRAWN_BASES))
    end = min(start + DRAWN_BASES, length)
    tracks = {lines_of(run.method): track(run, row, start, end) for run in runs}
    letters = one_hot(evidence.simulation.codes[row])[:, start:end]
    figure = contribution_logos(tracks, letters, sorted(boxes), first=start)
    figure.supylabel(f"contribution ({contribution_unit(runs[0].scores.run, 'both')})", fontsize=8)
    return figure


def track(run: Run, row: int, start: int, end: int) -> np.ndarray:
    """Contributions (end - start,) to `both` on a stretch of a sequence."""
    with open_contributions(run.scores.path("both")) as file:
        return file.contributions(row, slice(start, end), np.float64)


def caption_of(evidence: Evidence, row: int) -> str:
    return (
        f"Contributions to “both” in {evidence.simulation.names[row]} under each method, planted motifs "
        f"shaded; {evidence.drawn_runs[0].net}. Of the sequences with one of each motif it is the one about "
        "which the methods differ most. Figure 6."
    )
