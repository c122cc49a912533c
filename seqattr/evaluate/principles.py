"""Principles: is everything that the model does shared out, and to those bases that do it?

The groups are WINDOWS windows that divide the sequence: they are the same for all methods, of which none
chooses on what it is judged. Contributions are summed in each, and held against all fair allocations of the
windows' effects (`fair_shares`), against the same references: the first REFERENCES of the question's, of
which each gives effects of its own. A method that has no references is compared with a sequence of zeros,
in which no base is there, as are all where the question has none.
"""

from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from seqattr.evaluate.allocation import allocation_weights
from seqattr.evaluate.controls import CONTROLS
from seqattr.evaluate.effects import dividends, worths
from seqattr.evaluate.fair_shares import Claims, breach, claims
from seqattr.evaluate.judgement import Judgement, Summaries
from seqattr.evaluate.measured import Measured
from seqattr.evaluate.question import Question
from seqattr.figures.drawings import Drawing
from seqattr.figures.matrix import matrix_figure
from seqattr.figures.stacks import Stack, StackPanel, stack_figure
from seqattr.figures.style import MOST_DRAWN
from seqattr.methods.coalitions import windows
from seqattr.methods.registry import method_named
from seqattr.support.progress import Counter, Progress

WINDOWS = 8  # of which there are 256 sets
REFERENCES = 2
# A twentieth of all effects. Methods that keep the principles but for steps along a path (10 steps) or for
# windows of their own (Shapley values of 12) come to 1 to 3 % on the TAL-GATA model, random numbers to 200 %.
LIMIT = 0.05
LIMITS = f"A method passes of which surely no more than {LIMIT:.0%} of all effects is amiss."
NOTHING = 1.0  # what is missing where nothing at all is credited: who misses more explains less than that

WIDEST = 2.0  # of weights, where colours end

METRICS = {
    "unallocated": "What is missing from the contributions' sum, or too much, as a share of all effects.",
    "independent": "What windows do by themselves and others are credited with, as a share of all effects.",
    "interaction": "What windows do together and others are credited with, as a share of all effects.",
    "misplaced": "The last two together: what is credited to windows that did not do it.",
    "total": "All of it, 0 if what the model does is shared out among bases that do it; a method without "
    "references is compared with zeros.",
}
PARTS = {
    "unallocated": "missing or too much",
    "independent": "taken from single windows",
    "interaction": "taken from windows together",
}


# --- measured --------------------------------------------------------------------------------------


def measure(question: Question, method: str, progress: Progress) -> list[Measured]:
    """How far the method's contributions are from all that are fair, sequence by sequence."""
    compared = references_of(question, method)
    effects = effects_of(question, compared, progress)
    allocations = allocated(question, method, compared)
    breaches = [breach(a, mean_claims(each)) for a, each in zip(allocations, effects, strict=True)]
    parts = [torch.stack(of) for of in zip(*breaches, strict=True)]  # each (N, T)
    misplaced = parts[1] + parts[2]
    values = dict(zip(METRICS, [*parts, misplaced, parts[0] + misplaced], strict=True))
    return [
        Measured(metric, target, values[metric][:, number].numpy())
        for metric in METRICS
        for number, target in enumerate(question.names)
    ]


def references_of(question: Question, method: str) -> Tensor | None:
    """What a method is compared with, (N, R, 4, L) or (R, 4, L); None for zeros."""
    alone = method not in CONTROLS and not method_named(method).needs_references
    if alone or question.references is None:
        return None
    return question.references[..., :REFERENCES, :, :]


def effects_of(question: Question, references: Tensor | None, progress: Progress) -> Tensor:
    """The dividends of the windows of each sequence against each reference, (N, R, 2^G, T)."""
    sequences = question.sequences
    pools = torch.zeros_like(sequences[:1]) if references is None else references
    pools = pools.to(sequences).expand(len(sequences), *pools.shape[-3:])
    groups = groups_of(question)

    def make() -> Tensor:
        counter, effects = Counter(len(sequences), progress), []
        for sequence, pool in zip(sequences, pools, strict=True):
            worth = [worths(question.predict, sequence, reference, groups) for reference in pool]
            effects.append(torch.stack([dividends(each) for each in worth]))
            counter.add()
        return torch.stack(effects)

    return question.once(f"dividends against {'zeros' if references is None else 'references'}", make)


def groups_of(question: Question) -> Tensor:
    """The windows, (G, L)."""
    return windows(question.sequences.shape[2], WINDOWS, question.sequences.device)


def allocated(question: Question, method: str, references: Tensor | None) -> Tensor:
    """A method's contributions against these references summed in windows, (N, G, T)."""
    given = question.references
    known = references is None or given is None or references.shape == given.shape or method in CONTROLS
    contributions = (
        question.contributions(method)
        if known
        else question.explain(method, question.model, question.sequences, references)
    )
    return torch.einsum("tnl,gl->ngt", contributions, groups_of(question).double().cpu())


def mean_claims(effects: Tensor) -> Claims:
    """Of effects against several references, (R, 2^G, T)."""
    each = [claims(of) for of in effects]
    return Claims(*(torch.stack(of).mean(0) for of in zip(*each, strict=True)))


# --- judged ----------------------------------------------------------------------------------------


def judge(method: str, summaries: Summaries) -> Judgement:
    """By the mean over targets of all that is amiss, and by the ends of its interval."""
    known = {metric: means_of(method, metric, summaries) for metric in METRICS}
    mean, low, high = known["total"]
    parts = ", ".join(f"{PARTS[part]} {known[part][0]:.1%}" for part in PARTS)
    basis = f"amiss: {mean:.1%} of all effects ({low:.1%} to {high:.1%}): {parts}"
    if not np.isfinite([mean, low, high]).all():
        return Judgement(method, "principles", None, "The effects of the windows could not be told.", "")
    return Judgement(method, "principles", *decision(known), basis)


def decision(known: dict[str, tuple[float, float, float]]) -> tuple[bool | None, str]:
    """Whether the principles are kept, and in words for a reader who knows no metric.

    Scores that only do not add up, as sizes and effects of single bases do not, are neither: they claim no
    amounts, and may well rank the bases.
    """
    if known["total"][2] <= LIMIT:
        return (
            True,
            "Its scores add up to what the model does, and go to the stretches of sequence that do it.",
        )
    if known["misplaced"][1] > LIMIT:
        return False, "It credits stretches of the sequence with what others do."
    if known["unallocated"][1] > NOTHING:
        return False, "Its scores are farther from what the model does than no credit at all would be."
    if known["unallocated"][1] > LIMIT:
        return (
            None,
            "Its scores do not add up to what the model does: they may rank bases, but are no amounts.",
        )
    return None, "Its scores nearly share out what the model does: too near the limit to be told from it."


def means_of(method: str, metric: str, summaries: Summaries) -> tuple[float, float, float]:
    """The mean over targets, and of the ends of intervals."""
    rows = summaries.select(method=method, metric=metric)
    numbers = np.array([(row.mean, row.low, row.high) for row in rows]).reshape(-1, 3)
    known = numbers[np.isfinite(numbers).all(1)]
    mean, low, high = known.mean(0) if len(known) else np.full(3, np.nan)
    return float(mean), float(low), float(high)


# --- drawn -----------------------------------------------------------------------------------------


def draw(summaries: Summaries) -> list[Drawing]:
    """The three parts as bars, by method, a panel for each target."""
    panels = [
        StackPanel(target, [stack_of(method, target, summaries) for method in summaries.methods])
        for target in summaries.targets[:MOST_DRAWN]
    ]
    caption = (
        "What each method's scores have amiss, as a share of all that the windows of a sequence do alone and "
        "together: missing or too much, or given to windows that did not do it. Lines: 95 % intervals of "
        "all; arrows: beyond the axis."
    )
    draw = partial(stack_figure, panels, summaries.methods, list(PARTS.values()), "share of all effects")
    return [Drawing.of("principles", caption, draw), weights_drawing()]


def weights_drawing() -> Drawing:
    """How methods divide known effects, whatever the model."""
    rows = allocation_weights()
    methods = list(dict.fromkeys(row.method for row in rows))
    columns = list(dict.fromkeys(f"{row.effect}: to x{row.variable}" for row in rows))
    values = np.array([row.weight for row in rows]).reshape(len(methods), len(columns))
    caption = (
        "What share of a known effect each method of the theory gives to each variable, whatever the model: "
        "columns of one effect that add up to 1 share it out, and a variable without part in it is to have 0."
    )
    return Drawing("principles_weights", caption, matrix_figure(values, methods, columns, limit=WIDEST))


def weights_table() -> dict[str, list[Any]]:
    """The same weights, with those of the theory."""
    rows = allocation_weights()
    columns: dict[str, list[Any]] = {name: [getattr(row, name) for row in rows] for name in rows[0]._fields}
    columns["variable"] = [f"x{row.variable}" for row in rows]
    return columns


TABLES = {
    "allocation.tsv": ("how methods divide effects known in closed form, beside the theory", weights_table)
}


def stack_of(method: str, target: str, summaries: Summaries) -> Stack | None:
    """A method's bar; None where nothing is known."""
    rows = {row.metric: row for row in summaries.select(method=method, target=target)}
    if not rows or not np.isfinite(rows["total"].mean):
        return None
    total = rows["total"]
    return Stack([rows[part].mean for part in PARTS], total.low, total.high, method in CONTROLS)
