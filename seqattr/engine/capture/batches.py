"""One graph for any number of sequences, from graphs of several fixed ones.

Where a model takes the size of its batch as a plain number, as `int(len(x) / 2)` and torch's own `chunk`
do, torch captures it for one size only. What follows the size shows when it is captured for several.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from seqattr.engine.graph.graph import INPUT, Graph, Ref, Step
from seqattr.engine.ops.names import SYM_SIZE

SIZES = (2, 3, 5)  # two to find a line by and one to check it
BATCH = "batch_size"


class Differs(ValueError):
    """The graphs differ in more than integers on a line a * size + b."""


def graph_of_any_batch(graphs: Sequence[Graph]) -> Graph:
    """The graphs of SIZES sequences as one of any number. Raises Differs where they do different things."""
    first = graphs[0]
    if len({(len(graph.steps), graph.outputs) for graph in graphs}) > 1 or not same_tensors(graphs):
        raise Differs
    sizes = Sizes()
    steps = [
        step_of_any_batch(steps, sizes) for steps in zip(*(graph.steps for graph in graphs), strict=True)
    ]
    return replace(first, steps=(*sizes.steps.values(), *steps))


def same_tensors(graphs: Sequence[Graph]) -> bool:
    first, *others = (graph.tensors for graph in graphs)
    return all(
        other.keys() == first.keys()
        and all(first[n].shape == t.shape and first[n].equal(t) for n, t in other.items())
        for other in others
    )


def step_of_any_batch(steps: Sequence[Step], sizes: "Sizes") -> Step:
    first = steps[0]
    if len({(step.name, step.op, step.output) for step in steps}) > 1:
        raise Differs
    args = tuple(sizes.merge([step.args for step in steps]))
    return replace(first, args=args, kwargs=sizes.merge([dict(step.kwargs) for step in steps]))


class Sizes:
    """The steps that work out what follows the size of the batch."""

    def __init__(self) -> None:
        self.steps: dict[str, Step] = {}

    def merge(self, values: Sequence[Any]) -> Any:
        """One argument for those of all graphs: the same, or what follows the size of the batch."""
        first = values[0]
        if len({type(value) for value in values}) > 1:
            raise Differs
        if isinstance(first, list | tuple) and len({len(value) for value in values}) == 1:
            return [self.merge(elements) for elements in zip(*values, strict=True)]
        if isinstance(first, dict) and len({tuple(value) for value in values}) == 1:
            return {key: self.merge([value[key] for value in values]) for key in first}
        if all(value == first for value in values):
            return first
        return self.on_line(values)

    def on_line(self, values: Sequence[Any]) -> Ref:
        """The value of a step that works out a * size + b."""
        if type(values[0]) is not int:
            raise Differs
        factor = values[1] - values[0]
        offset = values[0] - factor * SIZES[0]
        if any(factor * size + offset != value for size, value in zip(SIZES, values, strict=True)):
            raise Differs
        batch = self.step(BATCH, SYM_SIZE, Ref(INPUT), 0)
        product = batch if factor == 1 else self.step(f"{BATCH}_{factor}", "operator.mul", batch, factor)
        named = f"{BATCH}_{factor}_{offset}"
        return product if offset == 0 else self.step(named, "operator.add", product, offset)

    def step(self, name: str, op: str, *args: Any) -> Ref:
        self.steps.setdefault(name, Step(name, op, args))
        return Ref(name)
