"""The shape of every value of a graph, found without working the values out.

What a model file claims is checked so, before memory is taken for any of it. Values that depend on the
bases are hollow: one zero, repeated to the shape, so that whatever only looks at them otherwise costs
nothing. Of the other ops, `SHAPES_OF` says what their values look like; an op that stands nowhere here is
asked on torch's meta device, which takes a second to wake. What depends on no base is worked out once it is
known to be small, because its numbers may be indices.
"""

import math
from typing import Any

import torch
from torch import Tensor

from seqattr.engine.graph.graph import INPUT, Graph, Step, evaluate, map_refs
from seqattr.engine.graph.kinds import function_of
from seqattr.engine.ops.arguments import has_many_outputs
from seqattr.engine.ops.kinds import SHAPES_OF
from seqattr.engine.ops.moving import VIEWS
from seqattr.engine.ops.shape_rules import Shape
from seqattr.engine.ops.sizes import SIZES
from seqattr.errors import ModelError

# What depends on no base may take so many numbers in all, beside the tensors of the graph.
MOST_CONSTANT = 2**27
# The values of one sequence may: so many, and so many for each base and for each weight.
MOST_VALUES, MOST_PER_BASE, MOST_PER_WEIGHT = 2**28, 512, 4096


def shapes_of(graph: Graph, rows: int, length: int) -> dict[str, Any]:
    """Every value of a graph for sequences (rows, 4, length), by name; those of the bases hollow.

    Raises ModelError for a step that does not fit what it reads, and for values that would be larger than
    any model of this size has.
    """
    return Hollow(graph, rows, length).values


class Hollow:
    """The values of a graph, step by step, and how many numbers there are so far."""

    def __init__(self, graph: Graph, rows: int, length: int) -> None:
        self.active, weights = graph.active(), graph.tensors.values()
        self.like = next((t for t in weights if t.is_floating_point()), torch.zeros(1))
        self.values: dict[str, Any] = {**graph.tensors}
        self.rows, self.constant, self.of_bases = rows, 0, 0
        by_size = 4 * length * MOST_PER_BASE + MOST_PER_WEIGHT * sum(t.numel() for t in weights)
        self.most = rows * (MOST_VALUES + by_size)
        self.values[INPUT] = self.hollow((rows, 4, length))
        for step in graph.steps:
            self.values[step.name] = self.value_of(step)

    def value_of(self, step: Step) -> Any:
        """A step's value. Raises ModelError."""
        try:
            return self.infer(step)
        except (RuntimeError, IndexError, ValueError, TypeError, AttributeError, ArithmeticError) as error:
            where = f" at {step.source}" if step.source else ""
            text = " ".join(str(error).split())[:200]
            raise ModelError(f"{step.op}{where} does not fit what it reads: {text}") from error

    def infer(self, step: Step) -> Any:
        """A number, a hollow tensor, or where no base has a part in it the tensor itself."""
        function = function_of(step)
        if step.op in SIZES:
            return evaluate(step, function, self.values, self.like)
        check_output(step)
        if step.op in VIEWS:  # of what is hollow, hollow too
            seen = evaluate(step, function, self.values, self.like)
            return self.hollow(seen.shape) if step.name in self.active else self.count_view(seen, step)
        args = map_refs(step.args, self.values.__getitem__)
        kwargs = map_refs(dict(step.kwargs), self.values.__getitem__)
        shape = SHAPES_OF[step.op](*args, **kwargs) if step.op in SHAPES_OF else on_meta(step, args, kwargs)
        if step.name in self.active:
            return self.hollow(shape)
        self.count(math.prod(shape), step)
        return evaluate(step, function, self.values, self.like)

    def count_view(self, view: Tensor, step: Step) -> Tensor:
        """A view of what depends on no base, counted as what a copy of it would take."""
        self.count(view.numel(), step)
        return view

    def count(self, numbers: int, step: Step) -> None:
        self.constant += numbers
        if self.constant > MOST_CONSTANT:
            raise ModelError(
                f"what depends on no base would take {self.constant:.1e} numbers, at {step.op}; "
                f"no model needs more than {MOST_CONSTANT:.1e}"
            )

    def hollow(self, shape: Shape) -> Tensor:
        """A value of the bases."""
        if any(size < 0 for size in shape):
            raise ValueError(f"a value of the shape {tuple(shape)}")
        self.of_bases += math.prod(shape)
        if self.of_bases > self.most:
            raise ModelError(
                f"the values of one sequence would take more than {self.most / self.rows:.1e} numbers, "
                "which is too many for a model with these weights"
            )
        return self.like.new_zeros(()).expand(tuple(shape))


def on_meta(step: Step, args: Any, kwargs: Any) -> Shape:
    """The shape that torch finds by itself."""
    args, kwargs = torch.utils._pytree.tree_map_only(Tensor, lambda t: t.to("meta"), (args, kwargs))
    value = function_of(step)(*args, **kwargs)
    shape: Shape = (value if step.output is None else value[step.output]).shape
    return shape


def check_output(step: Step) -> None:
    """Of an op with one output none is picked, which would be a row of it; of others, one is."""
    if has_many_outputs(step.op) != isinstance(step.output, int):
        raise ValueError(
            f"output {step.output} of an op that has {'several' if has_many_outputs(step.op) else 'one'}"
        )
