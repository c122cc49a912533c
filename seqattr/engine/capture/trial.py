"""A module captured on trial: believed once its graph answers as the module does, at several lengths."""

from typing import Any, NamedTuple

from torch import Tensor, nn

from seqattr.engine.capture.answers import Unpacked, is_packed, named_tensors, unpack
from seqattr.engine.capture.answers import labels as labels_of
from seqattr.engine.capture.batch_faults import fault, instability
from seqattr.engine.capture.check import PROBES, check, compare, some_of
from seqattr.engine.capture.export import capture
from seqattr.engine.capture.left_out import BATCH_FIRST, leave_out
from seqattr.engine.capture.original import Original
from seqattr.engine.capture.whole_numbers import takes_whole_numbers, without_casts
from seqattr.engine.graph.forward import any_function, in_full, random_sequences
from seqattr.engine.graph.graph import Graph
from seqattr.engine.graph.kinds import classify
from seqattr.engine.graph.lengths import Lengths, lengths_of
from seqattr.engine.graph.simplify import simplify
from seqattr.errors import ModelError, UnsupportedOp


class Trial(NamedTuple):
    """A graph that answers as the model does, the lengths it takes, what its outputs are called, and why
    others are left out."""

    graph: Graph
    lengths: Lengths
    original: Original
    labels: tuple[str, ...]
    notes: tuple[str, ...]


def capture_checked(module: nn.Module, example: Tensor, answer: Any) -> Trial:
    """The graph with a free length if the model allows one, else for this length alone.

    `answer` is what the module answers with. Either graph is compared with the module's own forward before it
    is believed.
    """
    if is_packed(answer):
        module = Unpacked(module)
        answer = unpack(answer)
    if not named_tensors(answer):
        raise ModelError(f"the model answers with {type(answer).__name__}, in which there is no tensor")
    try:
        free = attempt(module, example, labels_of(answer), free_length=True)
    except ModelError:  # an unknown op too may have been one on the length
        return of_one_length(module, example, labels_of(answer))
    if not free.notes:
        return free
    try:  # the same goes for the outputs that were left out
        fixed = of_one_length(module, example, labels_of(answer))
    except ModelError:
        return free
    return fixed if len(fixed.labels) > len(free.labels) else free


def of_one_length(module: nn.Module, example: Tensor, labels: tuple[str, ...]) -> Trial:
    """For the length of the example alone. A refusal says what ails the model itself, where that shows."""
    try:
        return attempt(module, example, labels, free_length=False)
    except UnsupportedOp:
        raise
    except ModelError as error:
        original = Original(module, tuple(range(len(labels))), example.dtype)
        whatever = BATCH_FIRST in str(error)  # as of constants, of which any number is right
        why = instability(original, example) if whatever else fault(original, example)
        if not why or why in str(error):
            raise
        raise ModelError(f"the model cannot be explained: {why}") from error


def attempt(module: nn.Module, example: Tensor, labels: tuple[str, ...], free_length: bool) -> Trial:
    """One attempt, compared with the module at several lengths if the length is free."""
    length, wide = example.shape[2], in_full(example)
    graph, least, rounding = capture(module, example, free_length)
    graph = without_casts(graph) if takes_whole_numbers(module) else graph
    graph = simplify(graph.to(wide.device, wide.dtype), any_function)
    graph, kept, notes = leave_out(graph, labels, wide)
    classify(graph)
    lengths = lengths_of(graph, wide, least)
    original = Original(module, kept, rounding)
    check(original, graph, example)
    others = {lengths.shortest, length + 13, lengths.other_than(length)} - {length}
    for size in set() if lengths.is_fixed else others:
        sequences = random_sequences(PROBES, size, example.dtype, example.device, seed=size)
        compare(original, graph, some_of(sequences), f"sequences of {size} bp")
    return Trial(graph, lengths, original, tuple(labels[number] for number in kept), notes)
