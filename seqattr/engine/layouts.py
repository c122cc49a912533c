"""Where the batch sits in each value, found by looking.

Attention moves the batch behind the positions, merges it with the heads, or with the positions.
Comparing each value for the sequences (a, b) with its value for (a, a, b, b) tells where the rows went,
and shows a model that lets one sequence change another's output.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from torch import Tensor

from seqattr.engine.graph import BatchLayout, Graph, Step
from seqattr.errors import ModelError

Runner = Callable[[Graph, Tensor], Mapping[str, Any]]  # every value of a graph, by name

ROWS = 3  # prime, so that it is seldom one of the model's own sizes
REPEATS = 2


def find_layouts(graph: Graph, run: Runner, example: Tensor) -> Graph:
    """The graph with the batch layout of every step that depends on the bases.

    `example` is (ROWS, 4, L) with three different sequences; `run` gives all values of the graph.
    """
    active = graph.active()
    once, twice = run(graph, example), run(graph, example.repeat_interleave(REPEATS, 0))
    steps = []
    for step in graph.steps:
        value = once[step.name]
        if step.name in active and isinstance(value, Tensor):
            layout = layout_of(step, value, twice[step.name])
            step = replace(step, layout=layout, shape=describe(value, layout))
        steps.append(step)
    return replace(graph, steps=tuple(steps))


def layout_of(step: Step, once: Tensor, twice: Tensor) -> BatchLayout:
    """The layout under which repeating the rows of `once` gives `twice`."""
    changed = [d for d in range(once.ndim) if once.shape[d] != twice.shape[d]]
    if len(changed) == 1:
        dim = changed[0]
        fitting = [c for c in candidates(dim, once.shape[dim]) if agrees(once, twice, c)]
        if fitting:
            return fitting[0]
    where = f" at {step.source}" if step.source else ""
    raise ModelError(
        f"the model mixes the sequences of a batch in {step.op}{where}: "
        "an output may depend on its own sequence only"
    )


def candidates(dim: int, size: int) -> list[BatchLayout]:
    """Every way in which ROWS rows can lie in a dimension of this size."""
    rest = size // ROWS
    return [BatchLayout(dim, rest // after, after) for after in range(rest, 0, -1) if rest % after == 0]


def agrees(once: Tensor, twice: Tensor, layout: BatchLayout) -> bool:
    repeated = unfold(once, layout, (ROWS,)).repeat_interleave(REPEATS, layout.dim + 1)
    difference = (repeated.reshape(twice.shape) - twice).abs().max()
    return bool(difference <= 1e-3 * twice.abs().max())


def unfold(value: Tensor, layout: BatchLayout, rows: tuple[int, ...]) -> Tensor:
    """The batch dimension opened into (before, *rows, after)."""
    return value.unflatten(layout.dim, (layout.before, *rows, layout.after))


def fold(value: Tensor, layout: BatchLayout, rows: int) -> Tensor:
    """The inverse of `unfold` with `rows` row dimensions."""
    return value.flatten(layout.dim, layout.dim + rows + 1)


def describe(value: Tensor, layout: BatchLayout) -> str:
    """The shape for people, with N for the batch."""
    sizes = [str(size) for size in value.shape]
    around = [str(k) for k in (layout.before, layout.after) if k > 1]
    sizes[layout.dim] = "·".join(["N", *around])
    return f"({', '.join(sizes)})"
