"""Sanity: does an explanation change when the model forgets what it has learned?

Weights are randomised layer by layer from the output to the input, a cascade, and each layer alone; the
explanation of the original is compared with that of the randomised model. Adebayo et al. 2018, Sanity Checks
for Saliency Maps, section 4.

What stays at the cascade's end owes nothing to the model. Measured on the DeepLIFT paper's CNN, rank
correlations there are within 0.1 of 0 for gradients, integrated gradients, DeepLIFT and mutagenesis, and 0.25
to 0.35 for guided backpropagation. RevealCancel at every nonlinearity is correlated either way, by 0.2 or
more, as the random weights have it, and in the mean by little.

That guided backpropagation does not heed the upper layers shows best one step before the end: with
everything but the first layer randomised its rank correlation is still 0.55 to 0.65, those of the others near
0. Their sizes still agree by 0.2 to 0.35. How much may stay of these hangs on how much the first layer
does, and at the end on where windows and references leave bases without a difference: sizes are compared with
those of the gradient, which is the model's own.

Weights that are permuted, or drawn anew as before training, tell the same within 0.1: permuted ones, the
default, are there for any model.
"""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from seqattr.engine.capture.model import Model
from seqattr.evaluate import similarity
from seqattr.evaluate.bounds import Bounds, bounds_of
from seqattr.evaluate.explaining import BEYOND_GRADIENT, explained, size_kept
from seqattr.evaluate.judgement import Judgement, Summaries
from seqattr.evaluate.measured import Measured
from seqattr.evaluate.question import Question
from seqattr.evaluate.randomisation import Layer, forgotten, layers_of, reborn, with_layers
from seqattr.evaluate.sampling import part_of
from seqattr.evaluate.sanity_figures import ALONE, drawings_of, is_alone
from seqattr.evaluate.similarity import Numbers, compare
from seqattr.figures.drawings import Drawing
from seqattr.support.progress import Counter, Progress

SEQUENCES, REFERENCES = 20, 5  # at most: 24 explanations of each by each method, for four layers
BLOCKS = 8  # at most: the layers of deeper models are randomised some at a time
# A twenty-fifth of the ranks' variance. On the paper's CNN methods that pass stay below 0.13 in the mean over
# seeds, and a single sequence of 200 bp shows 0.07 by chance.
LEFT = 0.2
# By how much sizes may agree more than the gradient's do. One step before the end it is about 0.3 for guided
# backpropagation, and below 0.05 for others.
BEYOND = 0.2
LIMITS = (
    f"A method passes whose scores have a rank correlation with the trained model's that surely lies "
    f"within {LEFT} of 0 once all layers are randomised, and whose sizes surely agree by less than {BEYOND} "
    "more than the gradient's do, then and one layer before."
)
METRICS = {
    **similarity.METRICS,
    BEYOND_GRADIENT: "The rank correlation of sizes less that of the gradient's, which shows how much of "
    "itself the model has kept.",
}


class State(NamedTuple):
    """A model that has forgotten some layers: in words, and how many blocks from the output on."""

    step: str
    at: int
    layers: tuple[Layer, ...]


def measure(question: Question, method: str, progress: Progress) -> list[Measured]:
    """How alike the scores before and after are, for each state and seed.

    `Question.born` takes layers as they were born instead of permuted ones; see `reborn` for what it raises.
    Methods by patterns learn them anew of every model, from the same sequences.
    """
    part, states = part_of(question, SEQUENCES, REFERENCES), states_of(question.model)
    original = explained(part, method, part.model)
    counter, measured = Counter(len(states) * part.seeds, progress), list[Measured]()
    for seed in range(part.seed, part.seed + part.seeds):
        for state in states:
            model = model_in(state, part, seed)
            tables = compare(original, explained(part, method, model))
            kept = part.once(f"kept {state} {seed}", partial(size_kept, part, model))
            tables[BEYOND_GRADIENT] = tables["spearman-abs"] - kept
            measured += rows_of(tables, part, state, seed)
            counter.add()
    return measured


def model_in(state: State, part: Question, seed: int) -> Model:
    """The question's model in a state."""
    make = partial(reborn if part.born else forgotten, part.model, seed)
    return with_layers(part.model, part.once(f"forgotten {seed}", make), state.layers)


def rows_of(tables: dict[str, Numbers], part: Question, state: State, seed: int) -> list[Measured]:
    return [
        Measured(metric, target, values, state.step, state.at, seed)
        for metric, table in tables.items()
        for target, values in zip(part.names, table, strict=True)
    ]


def states_of(model: Model) -> list[State]:
    """The cascade from the output to the input, and then each block alone."""
    blocks = blocks_of(layers_of(model))
    down = [
        State(name_of(block), number, tuple(layer for each in blocks[:number] for layer in each))
        for number, block in enumerate(blocks, 1)
    ]
    alone = [
        State(ALONE.format(name_of(block)), number, tuple(block)) for number, block in enumerate(blocks, 1)
    ]
    return [*down, *alone]


def blocks_of(layers: Sequence[Layer]) -> list[list[Layer]]:
    """From the output to the input, neighbours together where there are many; the layer next to the bases is
    a block of its own.
    """
    if not layers:
        return []
    upper = list(layers[:0:-1])
    cuts = np.array_split(np.arange(len(upper)), min(BLOCKS - 1, len(upper))) if upper else []
    return [*([upper[number] for number in cut] for cut in cuts), [layers[0]]]


def name_of(block: Sequence[Layer]) -> str:
    """Of its layers, from the input on."""
    return block[0].name if len(block) == 1 else f"{block[-1].name} to {block[0].name}"


# ---- what it means


def judge(method: str, summaries: Summaries) -> Judgement:
    """By what is left at the cascade's end, and of the sizes one step before it."""
    cascade = [row for row in summaries.select(method=method) if not is_alone(row)]
    if not cascade:
        return Judgement(method, "sanity", None, "The model has no weights that it could forget.", "")
    last = max(row.at for row in cascade)

    def bounds(metric: str, at: float) -> Bounds:
        return bounds_of([row for row in cascade if row.metric == metric and row.at == at])

    signed, sizes, before = (
        bounds("spearman", last),
        bounds(BEYOND_GRADIENT, last),
        bounds(BEYOND_GRADIENT, last - 1),
    )
    basis = f"all randomised: ρ {signed}, ρ of sizes beyond the gradient's {sizes}"
    if last > 1:
        basis += f"; all but the first layer: {before}"
    return Judgement(method, "sanity", *verdict(signed, sizes, before if last > 1 else sizes), basis)


def verdict(signed: Bounds, sizes: Bounds, before: Bounds) -> tuple[bool | None, str]:
    """Whether it passes, and why, for a reader who knows no metric."""
    if signed.beyond(LEFT) or sizes.above(BEYOND):
        return False, (
            "Its scores stay much the same when the model forgets all it learned: they show the sequence, "
            "not the model."
        )
    if before.above(BEYOND):
        return False, (
            "Its scores hardly change when the model forgets all but its first layer: they show what that "
            "sees, not what the model makes of it."
        )
    if signed.within(LEFT) and sizes.below(BEYOND) and before.below(BEYOND):
        return True, "Its scores fall apart when the model forgets what it learned: they show the model."
    return None, (
        "How much of its scores stays when the model forgets what it learned cannot be said; more sequences "
        "or seeds would tell."
    )


def draw(summaries: Summaries) -> list[Drawing]:
    """The cascade, and each layer alone."""
    return drawings_of(summaries)
