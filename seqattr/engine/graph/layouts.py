"""Where the batch sits in each value, found by looking.

Attention moves the batch behind the positions, merges it with the heads, or with the positions.
Comparing each value for the sequences (a, b) with its value for (a, a, b, b) tells where the rows went,
and shows a model that lets one sequence change another's output.
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from seqattr.engine.graph.forward import outputs_of, step_by_step
from seqattr.engine.graph.graph import BatchLayout, Graph, Step
from seqattr.engine.ops.recurrent import RECURRENT
from seqattr.errors import ModelError

ROWS = 3  # prime, so that it is seldom one of the model's own sizes
REPEATS = 2
ROUNDING = 1e-3  # beside the largest value: sums may be rounded otherwise in a larger batch


def find_layouts(graph: Graph, example: Tensor) -> Graph:
    """The graph with the batch layout of every step that depends on the bases.

    `example` is (ROWS, 4, L) with three different sequences.
    """
    active, steps = graph.active(), list[Step]()
    for step, (once, twice) in step_by_step(graph, example, example.repeat_interleave(REPEATS, 0)):
        if step.name in active and isinstance(once, Tensor):
            layout = layout_of(step, once, twice)
            step = replace(step, layout=layout, shape=describe(once, layout))
        steps.append(step)
    described = replace(graph, steps=tuple(steps))
    check_order(described, *(answers(graph, batch) for batch in (example, example.roll(1, 0))))
    return described


def answers(graph: Graph, sequences: Tensor) -> Mapping[str, Tensor]:
    """The outputs by their names."""
    return dict(zip(graph.outputs, outputs_of(graph, sequences), strict=True))


def check_order(graph: Graph, once: Mapping[str, Any], turned: Mapping[str, Any]) -> None:
    """Raises ModelError unless each output of sequences in another order is that of each sequence itself.

    A model that sorts along the batch, or turns it round, only shows it so.
    """
    for name in graph.outputs:
        step = graph.by_name().get(name)
        if (
            step is not None
            and step.layout == (0, 1, 1)
            and apart(once[name].roll(1, 0), turned[name]) > ROUNDING
        ):
            raise mixing_error(step)


def layout_of(step: Step, once: Tensor, twice: Tensor) -> BatchLayout:
    """The layout under which repeating the rows of `once` gives `twice`."""
    changed = [d for d in range(once.ndim) if once.shape[d] != twice.shape[d]]
    if len(changed) == 1:
        gaps: list[tuple[float, BatchLayout]] = []
        for layout in candidates(changed[0], once.shape[changed[0]]):
            gaps.append((gap_of(once, twice, layout), layout))
            if not gaps[-1][0]:
                break  # what comes after has a batch further within
        gap, layout = min(gaps)
        if gap <= ROUNDING:
            return layout
    raise mixing_error(step)


def mixing_error(step: Step) -> ModelError:
    """That a step works on several sequences at once."""
    where = f" at {step.source}" if step.source else ""
    hint = "; is the batch taken for time (batch_first)?" if step.op in RECURRENT else ""
    return ModelError(
        f"the model mixes the sequences of a batch in {step.op}{where}: its answer to a sequence depends on "
        f"the others, and an output may depend on its own sequence only{hint}"
    )


def candidates(dim: int, size: int) -> list[BatchLayout]:
    """Every way in which ROWS rows can lie in a dimension of this size."""
    rest = size // ROWS
    return [BatchLayout(dim, rest // after, after) for after in range(rest, 0, -1) if rest % after == 0]


def gap_of(once: Tensor, twice: Tensor, layout: BatchLayout) -> float:
    """How far `twice` is from the rows of `once` repeated, over its largest finite value."""
    rows, repeated = unfold(once, layout, (ROWS,)), unfold(twice, layout, (ROWS, REPEATS))
    return max(apart(rows, repeated.select(layout.dim + 2, copy)) for copy in range(REPEATS))


def apart(expected: Tensor, actual: Tensor) -> float:
    """The largest difference over the largest finite value of these."""
    if torch.equal(expected, actual):
        return 0.0
    if not (actual.is_floating_point() or actual.is_complex()):  # masks, counts
        expected, actual = expected.double(), actual.double()
    same = torch.isclose(expected, actual, rtol=0, atol=0, equal_nan=True)  # minus infinity masks attention
    gap = torch.where(same, 0.0, (expected - actual).abs()).nan_to_num(math.inf, math.inf).max()
    size = torch.where(actual.isfinite(), actual, 0.0).abs().max()
    return float(gap / size) if gap > 0 else 0.0


def stretch(layout: BatchLayout, rest: int) -> BatchLayout:
    """The layout at another length, where the batch shares its dimension with `rest` elements a row."""
    if layout.before == 1:
        return BatchLayout(layout.dim, 1, rest)
    return BatchLayout(layout.dim, rest, 1) if layout.after == 1 else layout


def stretches(graph: Graph, example: Tensor) -> bool:
    """Whether the layouts of the graph, found at one length, are right for an example of another."""
    other = find_layouts(graph, example)
    pairs = ((a.layout, b.layout) for a, b in zip(graph.steps, other.steps, strict=True))
    return all(a and b and stretch(a, b.before * b.after) == b for a, b in pairs if a != b)


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
