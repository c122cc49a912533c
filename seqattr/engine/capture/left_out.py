"""Outputs that cannot be explained are left out, and said: the others can be."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from torch import Tensor

from seqattr.engine.graph.graph import INPUT, Graph
from seqattr.engine.graph.kinds import classify
from seqattr.engine.graph.layouts import find_layouts
from seqattr.engine.graph.simplify import drop_unused
from seqattr.errors import ModelError

BATCH_FIRST = "the model's first output dimension must be the batch, and depend on the sequence"


class Kept(NamedTuple):
    """A graph of the outputs that can be explained, their numbers, and why the others cannot."""

    graph: Graph
    outputs: tuple[int, ...]
    notes: tuple[str, ...]


def leave_out(graph: Graph, labels: Sequence[str], example: Tensor) -> Kept:
    """The graph without the outputs that have no slope, depend on no base or mix the sequences of a batch.

    Raises ModelError, as the first output's, where none is left.
    """
    everything = Kept(graph, tuple(range(len(graph.outputs))), ())
    if len(graph.outputs) == 1 or refusal(graph, example) is None:
        return everything
    refusals = [refusal(replace(graph, outputs=(name,)), example) for name in graph.outputs]
    kept = tuple(number for number, error in enumerate(refusals) if error is None)
    if not kept:
        raise next(error for error in refusals if error is not None)
    notes = tuple(
        f"the output {label} is left out: {error}"
        for label, error in zip(labels, refusals, strict=True)
        if error is not None
    )
    cut = drop_unused(replace(graph, outputs=tuple(graph.outputs[number] for number in kept)))
    return Kept(cut, kept, notes)


def refusal(graph: Graph, example: Tensor) -> ModelError | None:
    """Why the outputs of a graph cannot be explained; None where they can."""
    graph = drop_unused(graph)
    active = graph.active()
    if INPUT in graph.outputs:
        return ModelError("it is the sequence itself")
    if not set(graph.outputs) <= active:
        return ModelError(BATCH_FIRST)
    try:
        classify(graph)
        steps = find_layouts(graph, example).by_name()
    except ModelError as error:
        return error
    first = all(steps[name].layout == (0, 1, 1) for name in graph.outputs)
    return None if first else ModelError(BATCH_FIRST)
