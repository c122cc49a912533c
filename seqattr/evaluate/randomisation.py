"""Models that have forgotten: the same graph with the weights of some layers at random.

A layer is a step of the graph with weights of its own, with what follows it up to the next one and has
numbers too: an added bias, a norm, a slope. Steps that share weights are one layer.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from hashlib import blake2b
from typing import NamedTuple

import torch
from torch import Tensor

from seqattr.engine.capture.model import Model
from seqattr.engine.graph.graph import Graph, Step
from seqattr.engine.graph.kinds import classify
from seqattr.engine.ops.kinds import Kind
from seqattr.errors import InputError
from seqattr.evaluate.controls import generator_of
from seqattr.models.zoo import ARCHITECTURES, build

WEIGHTED = {Kind.LINEAR, Kind.RECURRENT}


class Layer(NamedTuple):
    """Of a model: its first step, by name, and its weights by theirs."""

    name: str
    tensors: tuple[str, ...]


def layers_of(model: Model) -> list[Layer]:
    """The layers of a model, from the input to the output. What has numbers before any weights, such as a
    norm of the sequence itself, is in none.
    """
    layers: dict[str, list[str]] = {}
    taken: dict[str, str] = {}
    for step, tensors in weighted(model.graph):
        shared = next((taken[name] for name in tensors if name in taken), None)
        layer = shared or leader(model.graph, step, layers)
        if layer is not None:
            fresh = [name for name in tensors if name not in taken]
            layers.setdefault(layer, []).extend(fresh)
            taken.update(dict.fromkeys(fresh, layer))
    return [Layer(name, tuple(tensors)) for name, tensors in layers.items()]


def weighted(graph: Graph) -> Iterator[tuple[Step, list[str]]]:
    """Steps that work on what depends on the bases by numbers of the model's own, and these by name."""
    active = graph.active()
    for step in graph.steps:
        numbers = [str(ref) for ref in dict.fromkeys(step.refs()) if is_weight(graph.tensors.get(ref))]
        if step.name in active and numbers:
            yield step, numbers


def is_weight(tensor: Tensor | None) -> bool:
    """More than one number: of one alone there is nothing to permute."""
    return tensor is not None and tensor.is_floating_point() and tensor.numel() > 1


def leader(graph: Graph, step: Step, layers: Collection[str]) -> str | None:
    """The layer that a step begins or is of: for what has no weights the last one that it reads from."""
    if classify(graph)[step.name] in WEIGHTED:
        return step.name
    above = graph.upstream(step.name)
    return next((name for name in reversed(list(layers)) if name in above), None)


def randomised(model: Model, layers: Collection[Layer], seed: int, born: bool = False) -> Model:
    """A model that has forgotten these layers and has the others as they were.

    Weights and biases of each are permuted among themselves; or, if `born`, they are as `reborn` has them,
    which raises InputError where that is not known. Adebayo et al. 2018, Sanity Checks for Saliency Maps,
    section 4.
    """
    return with_layers(model, reborn(model, seed) if born else forgotten(model, seed), layers)


def with_layers(model: Model, other: Model, layers: Collection[Layer]) -> Model:
    """A model with these layers of another of the same steps."""
    return with_tensors(
        model, {name: other.graph.tensors[name] for layer in layers for name in layer.tensors}
    )


def with_tensors(model: Model, tensors: Mapping[str, Tensor]) -> Model:
    """A model with these tensors for its own of the same names."""
    mixed = Model.from_parts(
        replace(model.graph, tensors={**model.graph.tensors, **tensors}),
        model.lengths,
        model.targets,
        finals=model.finals,
        shapes=model.shapes,
        example_length=model.example_length,
    )
    mixed.provenance = model.provenance
    return mixed


def forgotten(model: Model, seed: int) -> Model:
    """With all layers' weights permuted, each tensor by itself, as the seed and its name have it."""
    names = [name for layer in layers_of(model) for name in layer.tensors]
    return with_tensors(model, {name: permuted(model.graph.tensors[name], name, seed) for name in names})


def permuted(tensor: Tensor, name: str, seed: int) -> Tensor:
    """Its numbers in another order."""
    text = int.from_bytes(blake2b(name.encode(), digest_size=7).digest(), "big")
    order = torch.randperm(tensor.numel(), generator=generator_of(seed, text))
    return tensor.flatten()[order.to(tensor.device)].view(tensor.shape)


def reborn(model: Model, seed: int) -> Model:
    """A model of the same architecture as it is before training, by the architecture's own initialisation.

    That is known of an architecture of the zoo: the `provenance` of a model that `seqattr train` made, or
    whose weights were read into one, names it. Raises InputError for any other.
    """
    name = str(model.provenance.get("arch", ""))
    if name not in ARCHITECTURES:
        raise InputError(
            "how the model's layers were born is not known, as it is of an architecture of the zoo; their "
            "weights can be permuted"
        )
    arguments = json.loads(str(model.provenance.get("arch_args") or "{}"))
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        module = build(name, model.example_length, len(model.targets), **arguments).eval()
    born = Model(module, torch.zeros(2, 4, model.example_length))
    if shape_of(born.graph) != shape_of(model.graph):
        raise InputError(f"the model has not the steps and shapes of the architecture {name}")
    return born


def shape_of(graph: Graph) -> tuple[list[tuple[str, str]], dict[str, torch.Size]]:
    """What it consists of, but for its numbers."""
    return [(step.name, step.op) for step in graph.steps], {k: t.shape for k, t in graph.tensors.items()}
