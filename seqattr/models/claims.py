"""What a model file in our own format claims, checked against what its graph gives, before it is walked.

A file may be anybody's. Its fingerprint shows damage but proves nothing, since whoever writes a file can work
it out. So whatever the walk relies on is looked at here: names, shapes, layouts, lengths, targets.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from seqattr.engine.capture.model import Model
from seqattr.engine.graph.forward import floats_of, random_sequences
from seqattr.engine.graph.graph import INPUT, BatchLayout, Graph, Step
from seqattr.engine.graph.kinds import function_of
from seqattr.engine.graph.layouts import REPEATS, ROWS, describe, find_layouts, stretch
from seqattr.engine.graph.shapes import shapes_of

MOST_STEPS = 200_000
MOST_BASES = 2**28  # of a sequence: more than any chromosome has
ROW = BatchLayout(0, 1, 1)


def check_names(graph: Graph) -> None:
    """Every name is a text and stands for one value; every op is one that the engine knows, and every
    argument was made before it is read. Raises ValueError, and UnsupportedOp for the op.
    """
    check_tensors(graph.tensors)
    if len(graph.steps) > MOST_STEPS:
        raise ValueError(f"it has {len(graph.steps)} steps, and may have {MOST_STEPS}")
    known = {INPUT, *graph.tensors}
    if len(known) == len(graph.tensors):
        raise ValueError(f"a tensor is called {INPUT}")
    for step in graph.steps:
        check_step(step)
        missing = [ref for ref in step.refs() if ref not in known]
        if missing:
            raise ValueError(f"step {step.name} reads {missing[0]}, which is nowhere")
        if step.name in known:
            raise ValueError(f"two values are called {step.name}")
        known.add(step.name)
    if not graph.outputs or not all(isinstance(name, str) and name in known for name in graph.outputs):
        raise ValueError("an output is nowhere")


def check_step(step: Step) -> None:
    """Raises ValueError unless its fields are what they should be, UnsupportedOp for an unknown op."""
    texts = (step.name, step.op, step.source, step.part_of, step.shape)
    if not all(isinstance(text, str) for text in texts) or not step.name:
        raise ValueError("a step's name, op, source or shape is no text")
    function_of(step)
    if step.output is not None and not is_count(step.output, 0, 2**31):
        raise ValueError(f"step {step.name} takes the output {step.output!r} of its op")


def check_tensors(tensors: Any) -> None:
    """Raises ValueError unless they are plain and lie in memory as they are read, each number for itself."""
    if not isinstance(tensors, dict):
        raise ValueError("the tensors are no table")
    for name, tensor in tensors.items():
        if not isinstance(name, str) or not isinstance(tensor, Tensor):
            raise ValueError("a tensor is none, or its name no text")
        plain = tensor.layout is torch.strided and tensor.device.type == "cpu" and tensor.is_contiguous()
        if not plain or tensor.is_conj() or tensor.is_neg() or tensor.is_quantized or tensor.is_complex():
            raise ValueError(f"the tensor {name} is not plain numbers in a row")


def is_count(number: Any, least: int, most: int) -> bool:
    """Whether it is a whole number within bounds."""
    return type(number) is int and least <= number <= most


# --- against the graph -------------------------------------------------------------------------


def check(model: Model) -> None:
    """Raises ValueError, or ModelError, where the graph does not give what the file says of the model."""
    check_lengths(model)
    check_targets(model)
    length = model.example_length
    once, twice = (shapes_of(model.graph, rows, length) for rows in (ROWS, ROWS * REPEATS))
    for step in model.graph.steps:
        check_layout(step, once[step.name], twice[step.name], step.name in model.graph.active())
    for name, shape in zip(model.graph.outputs, model.shapes, strict=True):
        check_output(name, model.graph.by_name().get(name), once[name], shape)
    check_merged(model)
    if not model.lengths.is_fixed:
        check_other_lengths(model)


def check_lengths(model: Model) -> None:
    """Raises ValueError unless the example's length lies between the shortest and the longest."""
    shortest, longest = model.lengths.shortest, model.lengths.longest
    most = MOST_BASES if longest is None else longest
    right = is_count(shortest, 1, MOST_BASES) and is_count(most, shortest, MOST_BASES)
    if not right or not is_count(model.example_length, shortest, most):
        raise ValueError(f"it takes {shortest!r} to {longest!r} bases, as one of {model.example_length!r}")


def check_targets(model: Model) -> None:
    """Raises ValueError unless each is an element of an output and has a name of its own."""
    outputs, names = len(model.graph.outputs), [target.name for target in model.targets]
    if not names or not all(isinstance(name, str) and name for name in names):
        raise ValueError("a target has no name")
    if len(set(names)) < len(names):
        raise ValueError("two targets have the same name")
    if not len(model.shapes) == len(model.finals) == outputs:
        raise ValueError(
            f"it has {outputs} outputs, {len(model.shapes)} shapes and {len(model.finals)} finals"
        )
    if not all(isinstance(final, str) for final in model.finals):
        raise ValueError("what an output ends in is no text")
    for target in model.targets:
        there = is_count(target.output, 0, outputs - 1)
        if not there or not is_count(target.index, 0, size_of(model.shapes[target.output]) - 1):
            raise ValueError(f"the target {target.name} is no element of an output")


def size_of(shape: Sequence[Any]) -> int:
    """The number of elements. Raises ValueError for a shape that is none."""
    if not all(is_count(size, 0, 2**31) for size in shape):
        raise ValueError(f"an output has the shape {shape!r}")
    return torch.Size(shape).numel()


def check_layout(step: Step, once: Any, twice: Any, active: bool) -> None:
    """Raises ValueError unless the batch lies where the step says, as far as sizes tell, and the text for
    people is right.
    """
    tensor = active and isinstance(once, Tensor)
    if not tensor:
        if step.layout is not None or step.shape:
            raise ValueError(f"step {step.name} claims a batch, and depends on no base")
        return
    layout = step.layout
    counts = layout is not None and all(is_count(number, 0, 2**31) for number in layout)
    if layout is None or not counts or layout.dim >= once.ndim or layout.before * layout.after < 1:
        raise ValueError(f"step {step.name} has no batch")
    if not lies(layout, once.shape, ROWS) or not lies(layout, twice.shape, ROWS * REPEATS):
        raise ValueError(f"the batch of step {step.name} is not where it says")
    rest = [(*shape[: layout.dim], *shape[layout.dim + 1 :]) for shape in (once.shape, twice.shape)]
    if rest[0] != rest[1] or step.shape != describe(once, layout):
        raise ValueError(f"step {step.name} has not the shape that it says")


def lies(layout: BatchLayout, shape: Sequence[int], rows: int) -> bool:
    """Whether a dimension is as long as a batch of so many rows makes it."""
    return shape[layout.dim] == layout.before * rows * layout.after


def check_output(name: str, step: Step | None, value: Tensor, shape: Sequence[int]) -> None:
    """Raises ValueError unless the batch of an output comes first, and then the shape that the file says."""
    if step is None or step.layout != ROW or tuple(value.shape[1:]) != tuple(shape):
        raise ValueError(f"the output {name} has not the shape that it says")


def check_merged(model: Model) -> None:
    """Raises ValueError unless the batch lies where the steps say: where it shares a dimension, as with
    heads, only values tell which comes first.
    """
    if all(step.layout is None or step.layout[1:] == (1, 1) for step in model.graph.steps):
        return
    like = floats_of(model.graph)
    example = random_sequences(ROWS, model.example_length, like.dtype, like.device)
    with torch.no_grad():
        measured = find_layouts(model.graph, example)
    for step, other in zip(model.graph.steps, measured.steps, strict=True):
        if step.layout != other.layout:
            raise ValueError(f"the batch of step {step.name} is not where it says")


def check_other_lengths(model: Model) -> None:
    """Raises ValueError unless the graph fits the shortest and a longer sequence too, with outputs of the
    same shape.
    """
    longer = model.lengths.longest or 2 * model.example_length
    for length in {model.lengths.shortest, longer} - {model.example_length}:
        values = shapes_of(model.graph, ROWS, length)
        for name, shape in zip(model.graph.outputs, model.shapes, strict=True):
            if tuple(values[name].shape) != (ROWS, *shape):
                raise ValueError(f"for {length} bases the output {name} has another shape")
        for step in model.graph.steps:
            if step.layout is not None:
                check_stretched(step, values[step.name], length)


def check_stretched(step: Step, value: Tensor, length: int) -> None:
    """Raises ValueError unless the batch of a longer sequence lies where the step says."""
    layout = step.layout
    assert layout is not None  # as `check_layout` has seen to
    rest = value.shape[layout.dim] // ROWS if layout.dim < value.ndim else 0
    if not value.numel() or not lies(stretch(layout, rest), value.shape, ROWS):
        raise ValueError(f"for {length} bases the batch of step {step.name} is elsewhere")
