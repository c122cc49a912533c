"""Explanations of models beside the question's own, and what the model's gradient keeps of itself in them."""

from dataclasses import replace
from functools import partial

from seqattr.analyses.patterns import fit_patterns
from seqattr.engine.capture.model import Model
from seqattr.evaluate.question import Question
from seqattr.evaluate.similarity import Numbers, by_size, by_target
from seqattr.methods.registry import METHODS

BEYOND_GRADIENT = "beyond-gradient"  # of sizes, without what `size_kept` says


def explained(part: Question, method: str, model: Model) -> Numbers:
    """Scores (T, N, L) of a model; patterns, where a method needs them, are learned of it from the question's
    sequences.
    """
    if method in METHODS and METHODS[method].needs_patterns:
        learned = fit_patterns(model, part.sequences, device=part.device, batch_size=part.batch_size)
        part = replace(part, patterns=learned, _kept={})
    return part.explain(method, model, part.sequences, part.references).numpy()


def size_kept(part: Question, model: Model) -> Numbers:
    """The rank correlation of the gradient's sizes with those of the question's own model, (T, N)."""
    original = part.once("gradient of the part", partial(explained, part, "gradient", part.model))
    return by_target(by_size, original, explained(part, "gradient", model))
