"""The figures of the benchmark: as many rows as there are methods, however many these become."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from seqattr.alphabet import one_hot
from seqattr.benchmark.gather import Evidence, Run
from seqattr.benchmark.summary import POOLED, Interval, Summary
from seqattr.evaluate.tal_gata import OTHER, STRONG
from seqattr.io.hdf5 import open_contributions
from seqattr.report.figures import SERIES, Box, contribution_logos
from seqattr.simulate import CLASSES, LABELS, TASKS, Simulation

BAR_INCHES = 0.21
PANEL_INCHES = 2.6
SCATTER_INCHES = (2.5, 1.55)
POINTS_PER_CLASS = (
    100  # sequences of each class in a scatter: all it takes to see, and no class hides another
)
CLASS_NAMES = ("both motifs", "GATA1 only", "TAL1 only", "none")
CLASS_COLOURS = (SERIES[1], SERIES[0], SERIES[2], "#000000")
DRAWN_BASES = 120
SPAN = 90  # within which both motifs must lie to be drawn


class Drawing(NamedTuple):
    """A figure with its name among the files, and what it shows."""

    name: str
    caption: str
    figure: Figure


class Panel(NamedTuple):
    """One measure of methods (rows) in one or two series, such as two kinds of references."""

    title: str
    measure: str
    motif: str


def drawings(evidence: Evidence, summary: Summary) -> Iterator[Drawing]:
    """All figures, in the order of the page."""
    refs = evidence.references[0]
    motifs = [matches.motif.name for matches in evidence.matches]
    missed = [Panel(f"{motif} missed", "not_positive", motif) for motif in motifs]
    off_task = [Panel(f"{motif} credited in {OTHER[motif]}", "off_task", motif) for motif in motifs]
    yield Drawing(
        "fig5b_missed",
        f"Share of strong matches (log-odds ≥ {STRONG:g}) with importance ≤ 0 for the task “both”, in "
        f"sequences that hold both motifs; references: {refs}. Figure 5b, and appendix E.",
        bars(summary, missed, [refs], summary.methods(refs)),
    )
    yield Drawing(
        "off_task",
        f"Share of strong matches with importance in the other motif's task; references: {refs}.",
        bars(summary, off_task, [refs], summary.methods(refs)),
    )
    for number, motif in enumerate(motifs):
        caption = (
            f"Importance against log-odds of the five best {motif} matches of a sequence, by task and "
            f"method; {evidence.shown[0].net}, references: {refs}. "
            f"{'Figure 5a' if number == 0 else 'Appendix E'}."
        )
        yield Drawing(f"fig5a_{motif}", caption, scatter_grid(evidence, number))
    row = telling_sequence(evidence)
    if row is not None:
        yield Drawing("fig6_sequence", caption_of(evidence, row), sequence_figure(evidence, row))
    yield Drawing(
        "quality",
        "AUROC and average precision of the contributions to “both” against planted positions; precision and "
        f"recall of the matches credited in their own task against the planted ones; references: {refs}.",
        bars(summary, QUALITY, [refs], summary.methods(refs)),
    )
    if len(evidence.references) > 1:
        yield appendix_j(evidence, summary, motifs)


QUALITY = (
    Panel("AUROC", "auroc", POOLED),
    Panel("average precision", "average_precision", POOLED),
    Panel("precision", "precision", POOLED),
    Panel("recall", "recall", POOLED),
)


def appendix_j(evidence: Evidence, summary: Summary, motifs: Sequence[str]) -> Drawing:
    """Methods that were scored against several kinds of references."""
    several = evidence.references
    methods = [name for name in summary.methods(several[0]) if name in summary.methods(several[1])]
    panels = [Panel(f"{motif} missed", "not_positive", motif) for motif in motifs]
    panels.append(Panel("average precision", "average_precision", POOLED))
    caption = f"References compared: {' and '.join(several)}. Appendix J."
    return Drawing("appendix_j_references", caption, bars(summary, panels, several, methods))


# --- bars ----------------------------------------------------------------------------------------


def bars(
    summary: Summary, panels: Sequence[Panel], references: Sequence[str], methods: Sequence[str]
) -> Figure:
    """A row for each method: a bar for the mean, a point for each net, a line for the 95 % interval."""
    height = BAR_INCHES * len(methods) * len(references) + 0.75 + 0.25 * (len(references) > 1)
    figure = Figure(figsize=(1.9 + PANEL_INCHES * len(panels), max(height, 1.6)), layout="constrained")
    places = figure.subplots(1, len(panels), sharey=True, squeeze=False, gridspec_kw={"wspace": 0.06})[0]
    for axes, panel in zip(places, panels, strict=True):
        for number, name in enumerate(references):
            found = [summary.get(panel.measure, method, name, panel.motif) for method in methods]
            draw_bars(axes, found, number, len(references), label=name)
        dress_bars(axes, panel.title, methods)
    if len(references) > 1:
        handles, labels = places[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4, fontsize=8, frameon=False)
    return figure


def draw_bars(axes: Axes, found: Sequence[Interval | None], number: int, count: int, label: str) -> None:
    thick = 0.78 / count
    for row, interval in enumerate(found):
        if interval is None:
            continue
        y = row + (number - (count - 1) / 2) * thick
        named = label if row == 0 else None
        axes.barh(y, interval.mean, thick * 0.92, color=SERIES[number], alpha=0.45, label=named)
        if len(interval.values) > 1:
            axes.plot([interval.low, interval.high], [y, y], color="0.25", linewidth=1.1, zorder=3)
            look: dict[str, Any] = {
                "color": SERIES[number],
                "edgecolors": "white",
                "linewidths": 0.4,
                "zorder": 4,
            }
            axes.scatter(interval.values, [y] * len(interval.values), s=13, **look)
        tip = max(interval.mean, *interval.values, 0 if np.isnan(interval.high) else interval.high)
        axes.annotate(
            percent_label(interval.mean),
            (tip, y),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=7,
            color="0.25",
        )


def percent_label(share: float) -> str:
    return f"{100 * share:.2f}" if 0 < share < 0.01 else f"{100 * share:.1f}"


def dress_bars(axes: Axes, title: str, methods: Sequence[str]) -> None:
    axes.set_title(title, fontsize=9)
    axes.set_yticks(range(len(methods)), methods)
    axes.set_ylim(len(methods) - 0.4, -0.6)
    axes.set_xlim(0, min(max(1.18 * axes.get_xlim()[1], 0.02), 1.25))
    ticks = MaxNLocator(4).tick_values(0, axes.get_xlim()[1])
    axes.set_xticks([tick for tick in ticks if 0 <= tick <= min(1, 0.92 * axes.get_xlim()[1])])
    axes.xaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    axes.tick_params(labelsize=8, length=0)
    axes.grid(axis="x", color="0.9", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "bottom"]].set_visible(False)


# --- Fig. 5a -------------------------------------------------------------------------------------


def drawn_matches(evidence: Evidence, number: int) -> np.ndarray:
    """Which matches of a motif are drawn: those of the first sequences of each class."""
    classes = classes_of(evidence.simulation)
    rows = np.concatenate([np.flatnonzero(classes == one)[:POINTS_PER_CLASS] for one in range(len(CLASSES))])
    mask: np.ndarray = np.isin(evidence.matches[number].sequence, rows)
    return mask


def classes_of(simulation: Simulation) -> np.ndarray:
    """The class (N,) of each sequence, as CLASSES has them."""
    order = {tuple(label): number for number, label in enumerate(LABELS)}
    return np.array([order[tuple(row)] for row in simulation.labels.tolist()])


def scatter_grid(evidence: Evidence, number: int) -> Figure:
    """A row for each method, a column for each task."""
    runs = evidence.shown
    width, height = SCATTER_INCHES
    size = (width * len(TASKS) + 0.6, height * len(runs) + 0.9)
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(len(runs), len(TASKS), sharex=True, sharey="row", squeeze=False)
    which = drawn_matches(evidence, number)
    matches = evidence.matches[number]
    classes = classes_of(evidence.simulation)[matches.sequence[which]]
    for row, run in zip(grid, runs, strict=True):
        for axes, task in zip(row, TASKS, strict=True):
            values = run.importance[task][number][which]
            draw_scatter(axes, matches.log_odds[which], values, classes)
        row[0].set_ylabel(run.method, fontsize=8)
    for axes, task in zip(grid[0], TASKS, strict=True):
        axes.set_title(f"importance for {task}", fontsize=9)
    figure.supxlabel(f"log-odds of the {matches.motif.name} match (nats)", fontsize=9)
    handles, labels = grid[0][0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside upper center", ncols=4, fontsize=8, frameon=False, markerscale=2.5
    )
    return figure


def draw_scatter(axes: Axes, log_odds: np.ndarray, importance: np.ndarray, classes: np.ndarray) -> None:
    axes.axhline(0, color="0.6", linewidth=0.6, zorder=0)
    axes.axvline(STRONG, color="0.6", linewidth=0.8, linestyle=":", zorder=0)
    look: dict[str, Any] = {"s": 5, "linewidths": 0, "alpha": 0.55, "rasterized": True}
    for number in reversed(range(len(CLASSES))):
        own = classes == number
        colour, name = CLASS_COLOURS[number], CLASS_NAMES[number]
        axes.scatter(log_odds[own], importance[own], color=colour, label=name, **look)
    axes.tick_params(labelsize=7)
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.spines[["top", "right"]].set_visible(False)


# --- Fig. 6 --------------------------------------------------------------------------------------


def telling_sequence(evidence: Evidence) -> int | None:
    """The sequence to draw: with one of each motif, near each other, about which the methods differ most.

    They differ by what they give the motif that they give least, as a share of all; None where no sequence
    has one of each.
    """
    sites = planted_in(evidence.simulation)
    rows = [row for row, own in sites.items() if len({s.name for s in own}) == len(own) == 2 and near(own)]
    if not rows:
        return None
    shares = np.array([run.weakest[rows] for run in evidence.shown])
    return int(rows[int(np.nanargmax(shares.max(axis=0) - shares.min(axis=0)))])


def near(boxes: Sequence[Box]) -> bool:
    return max(box.end for box in boxes) - min(box.start for box in boxes) <= SPAN


def planted_in(simulation: Simulation) -> Mapping[int, list[Box]]:
    """The planted motifs of each sequence."""
    sites: dict[int, list[Box]] = {}
    for site in simulation.planted:
        sites.setdefault(site.sequence, []).append(Box(site.start, site.end, site.motif))
    return sites


def sequence_figure(evidence: Evidence, row: int) -> Figure:
    """Contributions to `both` under every method, planted motifs boxed."""
    boxes = planted_in(evidence.simulation)[row]
    length = evidence.simulation.codes.shape[1]
    middle = (min(box.start for box in boxes) + max(box.end for box in boxes)) // 2
    start = max(0, min(middle - DRAWN_BASES // 2, length - DRAWN_BASES))
    end = min(start + DRAWN_BASES, length)
    tracks = {run.method.replace("integrated-gradients", "int.-gradients"): track(run, row, start, end)
              for run in evidence.shown}  # fmt: skip
    letters = one_hot(evidence.simulation.codes[row])[:, start:end]
    return contribution_logos(tracks, letters, sorted(boxes), first=start)


def track(run: Run, row: int, start: int, end: int) -> np.ndarray:
    with open_contributions(run.scores.path("both")) as file:
        values: np.ndarray = file["projected_shap/seq"][row, :, start:end].sum(axis=0, dtype=np.float64)
    return values


def caption_of(evidence: Evidence, row: int) -> str:
    return (
        f"Contributions to “both” in {evidence.simulation.names[row]} under every method, planted motifs "
        f"shaded; {evidence.shown[0].net}. Of the sequences with one of each motif it is the one about which "
        "the methods differ most. Figure 6."
    )
