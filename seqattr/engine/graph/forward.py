"""A graph run plainly: to check it, and to look at its values. Explanations have the walk."""

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from seqattr.engine.graph.graph import INPUT, Graph, Ref, Step, evaluate
from seqattr.engine.graph.source_lines import first_line
from seqattr.engine.ops.arguments import torch_op
from seqattr.engine.ops.sizes import ON_SIZES
from seqattr.errors import ModelError


def step_by_step(graph: Graph, *batches: Tensor) -> Iterator[tuple[Step, list[Any]]]:
    """Each step with its value for each batch of sequences, side by side: a value is let go at its last use,
    so that no more is in memory than the graph needs. Raises ModelError naming the step that fails.
    """
    sides: list[dict[str, Any]] = [{**graph.tensors, INPUT: batch} for batch in batches]
    last = {ref: step.name for step in graph.steps for ref in step.refs()}
    for step in graph.steps:
        for values in sides:
            values[step.name] = value_of(step, values, values[INPUT])
        yield step, [values[step.name] for values in sides]
        for ref in dict.fromkeys((*step.refs(), Ref(step.name))):
            if last.get(ref, step.name) == step.name and ref != INPUT:
                for values in sides:
                    values.pop(ref, None)


def outputs_of(graph: Graph, sequences: Tensor) -> list[Tensor]:
    """The outputs alone. Raises ModelError as `step_by_step`."""
    known = {name: t for name, t in {**graph.tensors, INPUT: sequences}.items() if name in graph.outputs}
    for step, (value,) in step_by_step(graph, sequences):
        if step.name in graph.outputs:
            known[step.name] = value
    return [known[name] for name in graph.outputs]


def value_of(step: Step, values: Mapping[str, Any], like: Tensor) -> Any:
    """The value of a step. Raises ModelError naming it where it fails."""
    try:
        return evaluate(step, any_function(step), values, like)
    except (RuntimeError, IndexError, ValueError, ArithmeticError) as error:
        raise ModelError(f"{step.op} fails at {step.source}: {first_line(error)}") from error


def any_function(step: Any) -> Any:
    """At capture every op of torch may be run, since the model itself would run it."""
    if step.op in ON_SIZES:
        return ON_SIZES[step.op]
    return torch_op(step.op)


def floats_of(graph: Graph) -> Tensor:
    """A floating point tensor of the graph, for its precision and device."""
    return next((t for t in graph.tensors.values() if t.is_floating_point()), torch.zeros(1))


def random_sequences(rows: int, length: int, dtype: torch.dtype, device: Any, seed: int = 0) -> Tensor:
    """Random one-hot sequences (rows, 4, length)."""
    generator = torch.Generator().manual_seed(seed)
    codes = torch.randint(4, (rows, length), generator=generator)
    return nn.functional.one_hot(codes, 4).transpose(1, 2).to(device, dtype).contiguous()


def in_full(sequences: Tensor) -> Tensor:
    """In float32 where they are in half precision, in which no sum adds up."""
    return sequences.float() if sequences.dtype.itemsize < 4 else sequences
