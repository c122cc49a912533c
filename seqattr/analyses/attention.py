"""Attention weights of every attention in a model, and attention rollout (Abnar & Zuidema 2020)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from torch import Tensor

from seqattr.analyses.attention_weights import (
    Attention,
    bases_of,
    find_attention,
    forward,
    layers_of,
    plan_for,
)
from seqattr.engine.capture.model import Model, check_model
from seqattr.engine.graph.forward import random_sequences
from seqattr.engine.graph.graph import Graph
from seqattr.engine.graph.layouts import ROWS
from seqattr.engine.rules.gradient import GRADIENT
from seqattr.engine.walk.forward import Values, side_values
from seqattr.engine.walk.plan import Plan
from seqattr.engine.walk.session import Sequences, Session, check_finite, check_shape, sliceable
from seqattr.errors import InputError

Heads = list[Attention]  # of one layer: one by one where they were written so, else all in one


@dataclass(frozen=True)
class Layer:
    """One attention of a model: the size of its weights, and the bases that its key tokens have seen."""

    name: str  # attention1, attention2 ... in the graph's order
    heads: int
    queries: int
    keys: int
    bases: Tensor | None  # (keys, 2): start and end; None where the graph does not tell
    source: str  # the user's source line

    @property
    def square(self) -> bool:
        """Whether tokens attend to each other, as self-attention does."""
        return self.queries == self.keys > 1


class Maps(NamedTuple):
    """What N sequences attend to, on the CPU. Rows of weights, and of the rollout, sum to 1."""

    weights: dict[str, Tensor]  # by layer: (N, heads, queries, keys)
    rollout: Tensor | None  # (N, tokens, tokens); None where it is not defined


def attention(
    model: Model, sequences: Any, *, device: str = "auto", batch_size: int | None = None
) -> tuple[tuple[Layer, ...], Maps]:
    """The attention weights of every layer, and their rollout, for one-hot sequences (N, 4, L).

    Layers are found in the captured graph, however they were written. Raises InputError for a model that
    has none and for shapes that do not fit, NotFinite for weights that are NaN.
    """
    sequences = sliceable(sequences)
    check_shape(sequences)
    attending = Attending(model, sequences.shape[2], device)
    return attending.layers, concatenate([maps for _, maps in attending.batches(sequences, batch_size)])


def rollout(weights: Sequence[Tensor]) -> Tensor:
    """Attention rollout of layers (N, heads, T, T), the first first: (N, T, T).

    With the heads averaged, A = (W + I) / 2 for the residual connection, and the product of all layers' A,
    the last one's on the left (Abnar & Zuidema 2020, section 3). Row q says how much of each token of the
    first layer goes into token q after the last.
    """
    tokens = weights[0].shape[-1]
    same = torch.eye(tokens, dtype=weights[0].dtype, device=weights[0].device)
    total = same.expand(len(weights[0]), -1, -1)
    for layer in weights:
        total = (layer.mean(1) + same) / 2 @ total
    return total


class Attending:
    """A model prepared for its attention on sequences of one length.

    `rolled` names the layers that the rollout goes over; `notes` say what a user should know of it.
    """

    def __init__(self, model: Model, length: int, device: str = "auto") -> None:
        check_model(model)
        model.check_length(length)
        self.session = Session(model, device=device)
        graph = self.session.graph
        with self.session.running():
            self.heads, self.layers = look(self.session, length)
            self.plan = plan_for(graph, [head.weights for heads in self.heads for head in heads], GRADIENT)
        self.rolled, self.notes = path_of_rollout(graph, self.heads, self.layers)
        unknown = next((layer for layer in self.layers if layer.bases is None), None)
        if unknown is not None:
            what = f"the {unknown.keys} tokens of {unknown.name}"
            self.notes.append(f"the graph does not tell the bases of {what}")

    def batches(self, sequences: Sequences, batch_size: int | None = None) -> Iterator[tuple[int, Maps]]:
        """How many sequences are done, and what the last of them attend to; memory stays flat."""
        for done, _, parts in self.session.batches(self.plan, sequences, batch_size, self._maps):
            yield done, concatenate(parts)

    def _maps(self, sequences: Tensor, start: int) -> Maps:
        """What sequences (B, 4, L) attend to, of which the first has the number `start`."""
        values = forward(self.plan, sequences)
        weights = {
            layer.name: together(heads, values, len(sequences))
            for layer, heads in zip(self.layers, self.heads, strict=True)
        }
        for name, value in weights.items():
            check_finite(value, f"the weights of {name} are NaN or infinite for", start)
        rolled = rollout([weights[name] for name in self.rolled]).cpu() if self.rolled else None
        return Maps({name: value.cpu() for name, value in weights.items()}, rolled)


def concatenate(maps: Sequence[Maps]) -> Maps:
    """What several batches attend to, as one."""
    weights = {name: torch.cat([part.weights[name] for part in maps]) for name in maps[0].weights}
    rolled = [part.rollout for part in maps if part.rollout is not None]
    return Maps(weights, torch.cat(rolled) if rolled else None)


# --- what there is -----------------------------------------------------------------------------


def look(session: Session, length: int) -> tuple[list[Heads], tuple[Layer, ...]]:
    """The attention of a model on sequences of this length. Raises InputError where there is none."""
    graph, example = session.graph, random_sequences(ROWS, length, session.dtype, session.device)
    values = side_values(session.plan(GRADIENT), example)
    heads = find_attention(graph, values)
    if not heads:
        raise InputError("the model has no attention: nothing in it is mixed by the weights of a softmax")
    plan = plan_for(graph, [name for head in heads for name in (head.weights, head.values)], GRADIENT)
    first, groups = side_values(plan, example[:1]), layers_of(graph, heads)
    return groups, tuple(layer_of(plan, n, group, values, first) for n, group in enumerate(groups, 1))


def layer_of(plan: Plan, number: int, heads: Heads, values: Values, first: Values) -> Layer:
    """A layer by its number, from the values of ROWS sequences and those of the first of them alone."""
    _, count, queries, keys = together(heads, values, ROWS).shape
    bases = bases_of(plan, first, heads[0])
    on_cpu = None if bases is None else bases.cpu()
    return Layer(f"attention{number}", count, queries, keys, on_cpu, heads[0].source)


def together(heads: Heads, values: Mapping[str, Any], rows: int) -> Tensor:
    """The weights of all heads of a layer, (N, heads, queries, keys)."""
    return torch.cat([head.by_head(values[head.weights], rows) for head in heads], 1)


def path_of_rollout(
    graph: Graph, groups: Sequence[Heads], layers: Sequence[Layer]
) -> tuple[tuple[str, ...], list[str]]:
    """The layers that a rollout goes over, and why it leaves out others, or all."""
    square = [(layer, heads) for layer, heads in zip(layers, groups, strict=True) if layer.square]
    if not square:
        return (), [f"{UNDEFINED}: it has no self-attention"]
    tokens = list(dict.fromkeys(layer.keys for layer, _ in square))
    if len(tokens) > 1:
        sizes = " and ".join(map(str, tokens))
        return (), [f"{UNDEFINED}: its self-attention layers differ in their tokens ({sizes})"]
    for (layer, heads), (after, following) in pairwise(square):
        if heads[0].mixed not in graph.upstream(following[0].weights):
            return (), [f"{UNDEFINED}: {after.name} does not follow on {layer.name}"]
    others = [layer for layer in layers if not layer.square]
    notes = [
        f"{layer.name} (queries: {layer.queries}, keys: {layer.keys}) is no self-attention: the rollout "
        "leaves it out"
        for layer in others
    ]
    return tuple(layer.name for layer, _ in square), notes


UNDEFINED = "rollout is not defined for this model, and left out"
