"""Attention in a captured graph: weights that sum to 1 over tokens, and mix the values of these.

However it was written (scaled_dot_product_attention, nn.MultiheadAttention, by hand, as a pool), it ends in a
softmax whose value is multiplied with others and summed along the softmax's own dimension.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from seqattr.engine.edits.receptive import Fields
from seqattr.engine.graph.graph import INPUT, BatchLayout, Graph, Ref, Step, evaluate
from seqattr.engine.graph.layouts import stretch, unfold
from seqattr.engine.graph.simplify import drop_unused
from seqattr.engine.ops.kinds import PRODUCTS, SHAPES
from seqattr.engine.ops.moving import JOINS
from seqattr.engine.ops.names import BMM, DIV, EXP, LOGSUMEXP, MATMUL, SUB, SUM
from seqattr.engine.walk.plan import Plan
from seqattr.engine.walk.rulebook import Rulebook

MIXING = {MATMUL, BMM}
SUMS_TO_ONE = 1e-3


class Attention(NamedTuple):
    """Weights in the graph: the value that holds them, and what is made of them.

    `keys` and `queries` are dimensions of `weights`; without queries there is a single one. Dimensions that
    are neither, nor the batch, are heads.
    """

    weights: str
    values: str  # what they mix
    mixed: str  # the step that does
    keys: int
    queries: int | None
    layout: BatchLayout
    source: str

    def by_head(self, value: Tensor, rows: int) -> Tensor:
        """The weights of `rows` sequences as (N, heads, queries, keys)."""
        layout = stretch(self.layout, value.shape[self.layout.dim] // rows)
        opened = unfold(value, layout, (rows,))
        batch = layout.dim + 1
        last = [d + 2 if d > layout.dim else d for d in (self.queries, self.keys) if d is not None]
        heads = [d for d in range(opened.ndim) if d != batch and d not in last]
        sizes = [1] * (2 - len(last)) + [opened.shape[d] for d in last]
        return opened.permute(batch, *heads, *last).reshape(rows, -1, *sizes)


def find_attention(graph: Graph, values: Mapping[str, Any]) -> list[Attention]:
    """Every attention of a graph, in its order, given all values for some sequences."""
    unique = {(attention.weights, attention.mixed): attention for attention in candidates(graph, values)}
    order = {step.name: number for number, step in enumerate(graph.steps)}
    true = [
        attention for attention in unique.values() if is_distribution(values[attention.weights], attention)
    ]
    return sorted(true, key=lambda attention: order[attention.mixed])


def candidates(graph: Graph, values: Mapping[str, Any]) -> Iterator[Attention]:
    """Softmax-like values, as they are or reshaped, that are multiplied and summed."""
    steps, readers, active = graph.by_name(), graph.consumers(), graph.active()
    for step in graph.steps:
        logits = logits_of(step, steps) if step.name in active else None
        for weights in other_shapes(step, readers) if logits else ():
            for reader in readers.get(weights.name, ()):
                yield from (
                    attention
                    for attention in mixtures(weights, reader, readers, values)
                    if attention.values in active and attention.values != logits
                )


def logits_of(step: Step, steps: Mapping[str, Step]) -> str | None:
    """What a softmax is of: exp(x - logsumexp(x)), or e / sum(e); None for another step."""
    first = steps.get(step.args[0]) if step.args and isinstance(step.args[0], Ref) else None
    if step.op == EXP and first is not None and first.op == SUB:
        return whole_of(first, LOGSUMEXP, steps)
    return whole_of(step, SUM, steps) if step.op == DIV else None


def whole_of(step: Step, op: str, steps: Mapping[str, Step]) -> str | None:
    """x where the step's arguments are x and op(x)."""
    whole = steps.get(step.args[1]) if isinstance(step.args[1], Ref) else None
    return step.args[0] if whole is not None and whole.op == op and whole.args[0] == step.args[0] else None


def other_shapes(step: Step, readers: Mapping[str, list[Step]]) -> Iterator[Step]:
    """The step itself, and whatever holds its elements in another shape."""
    yield step
    for reader in readers.get(step.name, ()):
        if reader.op in SHAPES and reader.args[0] == step.name:
            yield from other_shapes(reader, readers)


def mixtures(
    weights: Step, reader: Step, readers: Mapping[str, list[Step]], values: Mapping[str, Any]
) -> Iterator[Attention]:
    """The ways in which a reader of weights may sum along one of their dimensions."""
    value, layout = values[weights.name], weights.layout
    if layout is None or not isinstance(value, Tensor) or value.ndim < 2:
        return
    last, before = value.ndim - 1, value.ndim - 2
    name, source = weights.name, reader.source
    if reader.op in MIXING and reader.args[0] == name and layout.dim < before:
        yield Attention(name, reader.args[1], reader.name, last, before, layout, source)
    if reader.op in MIXING and reader.args[1] == name and layout.dim < before:
        yield Attention(name, reader.args[0], reader.name, before, last, layout, source)
    if reader.op in PRODUCTS and all(isinstance(argument, Ref) for argument in reader.args):
        other = reader.args[1] if reader.args[0] == name else reader.args[0]
        for total in readers.get(reader.name, ()):
            keys = sum_dim(total, values[reader.name].ndim) + value.ndim if total.op == SUM else -1
            if keys >= 0 and keys != layout.dim:
                yield Attention(name, other, total.name, keys, None, layout, source)


def sum_dim(step: Step, ndim: int) -> int:
    """The one dimension that a sum goes over, counted from the end; one beyond all where there are more."""
    dims = step.arguments.dim
    return int(dims[0]) % ndim - ndim if dims is not None and len(dims) == 1 else -ndim - 1


def is_distribution(weights: Tensor, attention: Attention) -> bool:
    """Whether they are what they look like, shares of 1."""
    sums = weights.sum(attention.keys)
    return bool((weights >= 0).all() and ((sums - 1).abs() <= SUMS_TO_ONE).all())


def layers_of(graph: Graph, heads: Sequence[Attention]) -> list[list[Attention]]:
    """Heads that were written one by one, and are joined afterwards, as one layer."""
    layers: dict[str, list[Attention]] = {}
    for head in heads:
        layers.setdefault(join_of(graph, head) or head.mixed, []).append(head)
    return list(layers.values())


def join_of(graph: Graph, attention: Attention) -> str | None:
    """The step that joins what is mixed, as it is or reshaped, with others."""
    readers = graph.consumers()
    for step in other_shapes(graph.by_name()[attention.mixed], readers):
        for reader in readers.get(step.name, ()):
            if reader.op in JOINS and step.name in reader.args[0]:
                return reader.name
    return None


# --- what comes before -------------------------------------------------------------------------


def plan_for(graph: Graph, names: Collection[str], rulebook: Rulebook) -> Plan:
    """A plan for the part of a graph that some values need."""
    return Plan(drop_unused(replace(graph, outputs=tuple(dict.fromkeys(names)))), rulebook)


def forward(plan: Plan, sequences: Tensor) -> dict[str, Tensor]:
    """The plan's outputs for sequences (N, 4, L), by name; what is used up on the way is let go."""
    values: dict[str, Any] = {**plan.graph.tensors, INPUT: sequences}
    for step in plan.graph.steps:
        values[step.name] = evaluate(step, plan.functions[step.name], values, sequences)
        for name in plan.last_use.get(step.name, ()):
            del values[name]
    return {name: values[name] for name in plan.graph.outputs}


def bases_of(plan: Plan, values: Mapping[str, Any], attention: Attention) -> Tensor | None:
    """The bases [start, end) that each key token has seen before any attention, (tokens, 2).

    `values` are all of the plan's, for one sequence. A token is taken to be the same position as in the last
    local value that it is made of; None where no such value has as many positions as there are tokens.
    """
    fields, names = Fields(plan, values, 1, most=torch.inf), plan.graph.upstream(attention.values)
    tokens = values[attention.weights].shape[attention.keys]
    for name in (*(step.name for step in reversed(plan.graph.steps)), INPUT):
        if name in names and name in fields.positions and fields.positions[name].length == tokens:
            return fields.read_by(name)
    return None
