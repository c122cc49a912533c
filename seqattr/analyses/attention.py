"""Attention weights of every attention in a model, and attention rollout (Abnar & Zuidema 2020)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
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
    upstream,
)
from seqattr.engine.capture.model import Model
from seqattr.engine.graph.forward import random_sequences
from seqattr.engine.graph.graph import Graph
from seqattr.engine.graph.layouts import ROWS
from seqattr.engine.numerics.device import full_precision
from seqattr.engine.rules.gradient import GRADIENT
from seqattr.engine.walk.memory import halving, pairs_at_once, pieces
from seqattr.engine.walk.plan import Plan
from seqattr.engine.walk.session import Sequences, check_shape, sliced, tensor_of
from seqattr.engine.walk.walk import side_values
from seqattr.errors import InputError, NotFinite
from seqattr.methods.attribution import pick_device

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
    sequences = sliced(sequences)
    check_shape(sequences, batch_size)
    attending = Attending(model, sequences.shape[2], device)
    return attending.layers, joined([maps for _, maps in attending.batches(sequences, batch_size)])


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
        model.check_length(length)
        self.place, self.dtype = pick_device(device), model.dtype
        graph = model.graph.to(self.place, self.dtype)
        with torch.no_grad(), full_precision():
            self.found, self.layers = look(graph, length, self.place, self.dtype)
            self.plan = plan_for(graph, [e.weights for heads in self.found for e in heads], GRADIENT)
            self.rows = pairs_at_once(self.plan, length, self.place)
        self.rolled, self.notes = path_of_rollout(graph, self.found, self.layers)
        unknown = next((layer for layer in self.layers if layer.bases is None), None)
        if unknown is not None:
            what = f"the {unknown.keys} tokens of {unknown.name}"
            self.notes.append(f"the graph does not tell the bases of {what}")

    def batches(self, sequences: Sequences, batch_size: int | None = None) -> Iterator[tuple[int, Maps]]:
        """How many sequences are done, and what the last of them attend to; memory stays flat."""
        total = check_shape(sequences, batch_size)
        for rows in pieces(total, batch_size or self.rows):
            ones = tensor_of(sequences[rows]).to(self.place, self.dtype)
            with torch.no_grad(), full_precision():
                maps = halving(partial(self._in_pieces, ones), len(ones))
            self._check(maps, rows.start)
            yield min(rows.stop, total), maps

    def _in_pieces(self, ones: Tensor, size: int) -> Maps:
        return joined([self._maps(ones[some]) for some in pieces(len(ones), size)])

    def _maps(self, ones: Tensor) -> Maps:
        values = forward(self.plan, ones)
        weights = {
            layer.name: together(heads, values, len(ones))
            for layer, heads in zip(self.layers, self.found, strict=True)
        }
        rolled = rollout([weights[name] for name in self.rolled]).cpu() if self.rolled else None
        return Maps({name: value.cpu() for name, value in weights.items()}, rolled)

    def _check(self, maps: Maps, start: int) -> None:
        for name, weights in maps.weights.items():
            bad = ~weights.flatten(1).isfinite().all(1)
            if bad.any():
                row = start + int(bad.nonzero()[0])
                raise NotFinite(f"the weights of {name} are NaN or infinite for", row)


def joined(maps: Sequence[Maps]) -> Maps:
    """What several batches attend to, as one."""
    weights = {name: torch.cat([each.weights[name] for each in maps]) for name in maps[0].weights}
    rolled = [each.rollout for each in maps if each.rollout is not None]
    return Maps(weights, torch.cat(rolled) if rolled else None)


# --- what there is -----------------------------------------------------------------------------


def look(
    graph: Graph, length: int, place: torch.device, dtype: torch.dtype
) -> tuple[list[Heads], tuple[Layer, ...]]:
    """The attention of a graph on sequences of this length. Raises InputError where there is none."""
    example = random_sequences(ROWS, length, dtype, place)
    values = side_values(Plan(graph, GRADIENT), example)
    found = find_attention(graph, values)
    if not found:
        raise InputError("the model has no attention: nothing in it is mixed by the weights of a softmax")
    plan = plan_for(graph, [name for each in found for name in (each.weights, each.values)], GRADIENT)
    alone, groups = side_values(plan, example[:1]), layers_of(graph, found)
    layers = []
    for number, heads in enumerate(groups, 1):
        _, count, queries, keys = together(heads, values, ROWS).shape
        bases = bases_of(plan, alone, heads[0])
        on_cpu = None if bases is None else bases.cpu()
        layers.append(Layer(f"attention{number}", count, queries, keys, on_cpu, heads[0].source))
    return groups, tuple(layers)


def together(heads: Heads, values: Mapping[str, Any], rows: int) -> Tensor:
    """The weights of all heads of a layer, (N, heads, queries, keys)."""
    return torch.cat([each.arranged(values[each.weights], rows) for each in heads], 1)


def path_of_rollout(
    graph: Graph, found: Sequence[Heads], layers: Sequence[Layer]
) -> tuple[tuple[str, ...], list[str]]:
    """The layers that a rollout goes over, and why it leaves out others, or all."""
    square = [(layer, heads) for layer, heads in zip(layers, found, strict=True) if layer.square]
    if not square:
        return (), [f"{UNDEFINED}: it has no self-attention"]
    tokens = list(dict.fromkeys(layer.keys for layer, _ in square))
    if len(tokens) > 1:
        sizes = " and ".join(map(str, tokens))
        return (), [f"{UNDEFINED}: its self-attention layers differ in their tokens ({sizes})"]
    for (layer, heads), (after, following) in pairwise(square):
        if heads[0].mixed not in upstream(graph, following[0].weights):
            return (), [f"{UNDEFINED}: {after.name} does not follow on {layer.name}"]
    others = [layer for layer in layers if not layer.square]
    notes = [
        f"{layer.name} (queries: {layer.queries}, keys: {layer.keys}) is no self-attention: the rollout "
        "leaves it out"
        for layer in others
    ]
    return tuple(layer.name for layer, _ in square), notes


UNDEFINED = "rollout is not defined for this model, and left out"
