"""A graph run plainly, every value kept: to check it, and to look at it. Explanations have the walk."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from seqattr.engine.graph.graph import INPUT, Graph, Step, evaluate
from seqattr.engine.graph.source_lines import first_line
from seqattr.engine.ops.arguments import torch_op
from seqattr.engine.ops.sizes import ON_SIZES
from seqattr.errors import ModelError


def all_values(graph: Graph, sequences: Tensor) -> dict[str, Any]:
    """Every value of the graph, by name. Raises ModelError naming the step that fails."""
    values: dict[str, Any] = {**graph.tensors, INPUT: sequences}
    for step in graph.steps:
        values[step.name] = value_of(step, values, sequences)
    return values


def outputs_of(graph: Graph, sequences: Tensor) -> list[Tensor]:
    """The outputs alone, every other value let go at its last use. Raises ModelError as `all_values`."""
    values: dict[str, Any] = {**graph.tensors, INPUT: sequences}
    last = {ref: step.name for step in graph.steps for ref in step.refs()}
    for step in graph.steps:
        values[step.name] = value_of(step, values, sequences)
        for ref in dict.fromkeys(step.refs()):
            if last[ref] == step.name and ref not in graph.outputs:
                values.pop(ref, None)
    return [values[name] for name in graph.outputs]


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
