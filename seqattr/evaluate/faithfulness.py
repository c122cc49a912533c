"""Faithfulness: does what a method calls important matter to the model?

Bases are replaced in the order of their contributions, the most important first, and the output is watched
(`flipping`); sets of bases are replaced at once, and what contributions say of them is held against what that
does (`subsets`); and bases are erased to turn one class into another (`class_flipping`).

A method is judged by its order alone, against random orders of the same bases in the same sequence, with the
bases of references in their place. That asks the same of every method: of one that scores without a sign, one
that is scaled in its own way, and one that claims to add up. References are what contributions are told
against, and what the model answers to them it has learned; a random base or a shuffled context makes other
sequences, and the lowest-scoring base asks the method twice. Their areas are told beside. How many random
orders an order beats has no unit, so that a target of small numbers counts as much as any other.
"""

from functools import partial

import numpy as np

from seqattr.evaluate.additivity import FEW
from seqattr.evaluate.class_flipping import classes
from seqattr.evaluate.controls import CONTROLS
from seqattr.evaluate.curves import POOLED, flipping, replacements
from seqattr.evaluate.drawing import curves_by_method, intervals_by_method
from seqattr.evaluate.judgement import Judgement, Summaries
from seqattr.evaluate.measured import Measured, Summary
from seqattr.evaluate.question import Question
from seqattr.evaluate.subsets import additivity, infidelity, sensitivity
from seqattr.figures.curves import CurveAxes
from seqattr.figures.drawings import Drawing
from seqattr.figures.intervals import Point, PointPanel, interval_figure
from seqattr.methods.registry import method_named
from seqattr.support.progress import Counter, Progress, silent

METRICS = {
    "deletion": "How far the output moves when the most important bases become those of a reference.",
    "inverse": "The same with the least important bases first.",
    "insertion": "How far the output of a reference moves when it is given the most important bases.",
    "area": "The mean fall of the output while the most important fifth of the bases goes; more is better.",
    "area-inverse": "The same with the least important fifth: less is better.",
    "area-insertion": "The mean rise of a reference's output while it is given the most important fifth.",
    "area-random-base": "The area with random bases in the place of those replaced.",
    "area-lowest-base": "The area with the base of the lowest score in each place.",
    "area-context": "The area with bases from around in the place of those replaced.",
    "gain": "The area less that of random orders: 0 for an order that knows nothing.",
    "beats-random": "The share of random orders that fall less far: a half for one that knows nothing.",
    "inverse-beats-random": "The same of the inverse order: below a half where the order says something.",
    "additivity-error": "How far contributions miss the difference from the references, as a share of it.",
    "misses": "Whether they miss it by more than rounding can: 1 or 0.",
    "sensitivity-n": "The correlation of what contributions say of sets of bases with what these do.",
    "infidelity": "The mean square of the difference of the two, for stretches of bases.",
    "scaled-infidelity": "What is left of it with the best factor, as a share of what stretches do: 0 to 1.",
    "class-flip": "How far the log-odds move from one target to the other when what speaks for it is erased.",
    "class-flip-gain": "The same less what erasing a random fifth of the bases does.",
}
MOST_DRAWN, MOST_PAIRS = 4, 4  # targets and pairs of them with a panel of a figure
CHANCE = 0.5  # of the random orders, an order that knows nothing beats
# So far from CHANCE the whole interval has to lie: a control of random numbers, whose interval misses CHANCE
# one time in twenty, comes as far with 100 sequences about once in a thousand times.
BEYOND = 0.05
LIMITS = (
    f"A method passes whose order surely beats more than {CHANCE + BEYOND:.0%} of random orders, and whose "
    "contributions add up where it claims that they do."
)


# --- measuring ---------------------------------------------------------------------------------


def measure(question: Question, method: str, progress: Progress = silent) -> list[Measured]:
    """All metrics of a method; what hangs on no method is worked out with the first."""
    parts = flipping, replacements, additivity, sensitivity, infidelity, classes
    counter, measured = Counter(len(parts), progress), list[Measured]()
    for part in parts:
        measured += part(question, method)
        counter.add()
    return measured


# --- judging -----------------------------------------------------------------------------------


def judge(method: str, summaries: Summaries) -> Judgement:
    """By how many random orders its order beats, and, of what claims to add up, whether it does."""
    rows = summaries.select(method=method, metric="beats-random", target=POOLED)
    if not rows:
        return Judgement(method, "faithfulness", None, "No order could be held against random ones.", "")
    passes, sentence = in_words(rows[0])
    lost = missing_share(method, summaries)
    if lost > FEW:
        passes = False
        sentence += " Its contributions do not add up, though the method claims it."
    return Judgement(method, "faithfulness", passes, sentence, basis(method, summaries, rows[0]))


def in_words(row: Summary) -> tuple[bool | None, str]:
    """Whether the order is better than chance, and what that means."""
    if row.low > CHANCE + BEYOND:
        return True, (
            "Replacing the bases that it calls important changes what the model says more than replacing "
            "others does: they matter to the model."
        )
    if row.high < CHANCE - BEYOND:
        return False, (
            "Replacing the bases that it calls important changes what the model says less than replacing any "
            "others does: they are the wrong ones, or its sign is turned."
        )
    if row.low <= CHANCE:
        return False, (
            "Replacing the bases that it calls important changes what the model says no more than replacing "
            "random ones does: it does not know which bases matter."
        )
    return None, "The bases that it calls important matter hardly more than random ones; try more sequences."


def missing_share(method: str, summaries: Summaries) -> float:
    """How many explanations do not add up, of a method that claims it; else 0."""
    if method in CONTROLS or not method_named(method).complete:
        return 0.0
    rows = summaries.select(method=method, metric="misses")
    return float(np.mean([row.mean for row in rows])) if rows else 0.0


def basis(method: str, summaries: Summaries, row: Summary) -> str:
    """The numbers with their intervals."""
    parts = [f"beats {interval_text(row)} of random orders (chance: 50 %)"]
    for other in summaries.select(method=method, metric="inverse-beats-random", target=POOLED):
        parts.append(f"its inverse {interval_text(other)}")
    correlations = summaries.select(method=method, metric="sensitivity-n")
    if any(np.isfinite(of.mean) for of in correlations):
        mean = np.nanmean([of.mean for of in correlations])
        parts.append(f"correlation with what sets of bases do {mean:.2f}")
    if method not in CONTROLS and method_named(method).complete:
        parts.append(f"{missing_share(method, summaries):.1%} of its explanations do not add up")
    return "; ".join(parts)


def interval_text(row: Summary) -> str:
    """As "93 % (88 to 96)"."""
    return f"{100 * row.mean:.0f} % ({100 * row.low:.0f} to {100 * row.high:.0f})"


def draw(summaries: Summaries) -> list[Drawing]:
    """Curves of deletion and insertion with those of a random order, the areas, and the classes turned."""
    drawn = Summaries([row for row in summaries if row.target in (*summaries.targets[:MOST_DRAWN], POOLED)])
    across = "share of the bases"
    first = f"Of {MOST_DRAWN} of the targets. " if drawn.rows != summaries.rows else ""
    figures = [
        Drawing.of(
            "faithfulness-deletion",
            f"{METRICS['deletion']} {first}The faster it falls, the better; grey is an order by random "
            "numbers.",
            partial(
                curves_by_method, drawn, "deletion", CurveAxes(f"{across} replaced", "change of the output")
            ),
        ),
        Drawing.of(
            "faithfulness-insertion",
            f"{METRICS['insertion']} {first}The faster it rises, the better.",
            partial(
                curves_by_method, drawn, "insertion", CurveAxes(f"{across} given", "change of the output")
            ),
        ),
        Drawing.of(
            "faithfulness-orders",
            f"{METRICS['beats-random']} Bars are 95 % intervals over sequences.",
            partial(intervals_by_method, drawn, "beats-random", "random orders beaten", CHANCE),
        ),
        Drawing.of(
            "faithfulness-area",
            f"{METRICS['area']} Bars are 95 % intervals over sequences.",
            partial(intervals_by_method, drawn, "area", "area over the curve", 0),
        ),
        Drawing.of(
            "faithfulness-sensitivity",
            METRICS["sensitivity-n"],
            partial(curves_by_method, drawn, "sensitivity-n", CurveAxes(f"{across} in a set", "correlation")),
        ),
    ]
    pairs = drawn.select(metric="class-flip-gain")
    return [*figures, *([class_drawing(pairs)] if pairs else [])]


def class_drawing(rows: list[Summary]) -> Drawing:
    """A panel for each pair of the first targets, a row for each method."""
    pairs = list(dict.fromkeys((row.target, row.step) for row in rows))[:MOST_PAIRS]
    methods = list(dict.fromkeys(row.method for row in rows))
    points = {(row.target, row.step, row.method): Point(row.mean, row.low, row.high) for row in rows}
    panels = [
        PointPanel(f"{target} {step}", [points.get((target, step, method)) for method in methods], 0)
        for target, step in pairs
    ]
    return Drawing.of(
        "faithfulness-classes",
        f"{METRICS['class-flip-gain']} After figure 4 of the DeepLIFT paper; bars are 95 % intervals; "
        "further pairs are in the table.",
        partial(interval_figure, panels, methods, "change of the log-odds"),
    )
