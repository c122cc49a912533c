"""What a Keras model is made of, as its config tells it: layers, their calls, inputs and outputs.

Configs are JSON, in the dialects of Keras 1.2 to 3 and tf.keras. They are read as plain data: no class is
looked up, and nothing is built.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any, NamedTuple

from seqattr.errors import ModelError, some_of
from seqattr.models.sources.keras_values import (
    DEEPEST,
    Ref,
    arguments,
    named_tensors,
    refs_in,
    shifted,
    tensors_in,
)

Shape = tuple[int | None, ...]
INPUT = "InputLayer"


class Call(NamedTuple):
    """One use of a layer: its arguments, with a Ref for each tensor in them."""

    layer: str
    number: int
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]


@dataclass(frozen=True)
class Layer:
    """A layer as its config has it; `network` where it is a model itself."""

    kind: str
    name: str
    config: Mapping[str, Any]
    module: str = ""
    network: "Network | None" = None

    @property
    def shape(self) -> Shape | None:
        """The shape of an input, batch first; None where it is not told."""
        shape = self.config.get("batch_shape") or self.config.get("batch_input_shape")
        return tuple(shape) if isinstance(shape, list | tuple) else None


@dataclass(frozen=True)
class Network:
    """The layers of a model by their names, its calls in an order in which they can be made, its inputs, and
    its outputs by their names.
    """

    name: str
    layers: Mapping[str, Layer]
    calls: tuple[Call, ...]
    inputs: tuple[Ref, ...]
    outputs: Mapping[str, Ref]
    sequential: bool = False

    def shape_of(self, name: str) -> Shape | None:
        """The shape of the input of this name."""
        return self.layers[name].shape


def parse(text: str | bytes) -> Mapping[str, Any]:
    """A config as it was written. Raises ModelError where it is no JSON, or no model's."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"its config is not JSON: {type(error).__name__}") from error
    if not isinstance(data, dict) or not isinstance(data.get("class_name"), str) or "config" not in data:
        raise ModelError("its config has no class_name and config, as a Keras model's has")
    return data


def read_config(text: str | bytes) -> Network:
    """The network of a config as it was written. Raises ModelError where there is none in it."""
    data = parse(text)
    try:
        return network_of(data)
    except (TypeError, KeyError, IndexError, AttributeError, ValueError, RecursionError) as error:
        raise ModelError("its config is damaged, or not one that Keras writes") from error


def network_of(data: Mapping[str, Any], depth: int = 0) -> Network:
    """The network that a model's config describes.

    Raises ModelError where that is a class of the user's, whose config does not tell its layers, or layers
    refer to what is not there, or to each other in a circle.
    """
    if depth > DEEPEST:
        raise ModelError(f"its config has models inside models, more than {DEEPEST} deep")
    config = data["config"]
    if isinstance(config, list):  # Keras 2.1
        config = {"layers": config}
    if not is_network(data):
        raise ModelError(
            f"it is a model of the class {data['class_name']}, whose config does not tell its layers"
        )
    name = str(config.get("name", data.get("name", "model")))
    layers = [layer_of(entry, depth) for entry in config["layers"] if entry is not None]
    check_names([layer.name for layer in layers])
    if "output_layers" in config:
        return functional(name, layers, config)
    return sequence(name, layers, config)


def is_network(data: Mapping[str, Any]) -> bool:
    """Whether a config tells layers, as a model's does."""
    config = data.get("config")
    layers = config.get("layers") if isinstance(config, Mapping) else config
    return isinstance(layers, list) and bool(layers) and all(map(is_layer, layers))


def is_layer(entry: Any) -> bool:
    """Whether an entry of a list of layers is one."""
    return isinstance(entry, Mapping) and isinstance(entry.get("class_name"), str) and "config" in entry


def layer_of(data: Mapping[str, Any], depth: int) -> Layer:
    """A layer, or a model that is one."""
    kind, config = data["class_name"], data["config"]
    table = config if isinstance(config, Mapping) else {}
    name = str(data.get("name") or table.get("name") or kind)
    network = network_of(data, depth + 1) if is_network(data) else None
    return Layer(kind, name, table, str(data.get("module") or ""), network)


def check_names(names: Sequence[str]) -> None:
    """Raises ModelError for a name that two layers have."""
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ModelError(f"its config has several layers of the name {twice[0]}")


# --- a chain of layers ---------------------------------------------------------------------------


def sequence(name: str, layers: list[Layer], config: Mapping[str, Any]) -> Network:
    """A Sequential model: each layer takes what the one before gives."""
    if layers[0].kind != INPUT:
        shape = layers[0].shape or config.get("build_input_shape") or inner_shape(layers[0])
        layers = [Layer(INPUT, f"{name}_input", {"batch_input_shape": shape}), *layers]
    refs = [Ref(layer.name, 0, 0) for layer in layers]
    pairs = zip(refs, layers[1:], strict=False)
    calls = tuple(Call(layer.name, 0, (before,), {}) for before, layer in pairs)
    outputs = {refs[-1].layer: refs[-1]}
    return Network(name, {layer.name: layer for layer in layers}, calls, (refs[0],), outputs, True)


def inner_shape(layer: Layer) -> Shape | None:
    """The input shape of a model that comes first in another."""
    network = layer.network
    return network.shape_of(network.inputs[0].layer) if network else None


# --- a graph of layers ---------------------------------------------------------------------------


def functional(name: str, layers: list[Layer], config: Mapping[str, Any]) -> Network:
    """A model of layers that refer to each other."""
    table = {layer.name: layer for layer in layers}
    entries = {str(entry.get("name") or entry["config"].get("name")): entry for entry in config["layers"]}
    calls = [call for layer in layers for call in calls_of(layer, entries[layer.name], table)]
    inputs, outputs = tensors_in(config["input_layers"]), named_tensors(config["output_layers"])
    if not inputs or not outputs:
        raise ModelError("its config names no inputs or no outputs")
    used = [ref for call in calls for ref in refs_in((call.args, call.kwargs))]
    shift = shifts(calls, [*used, *inputs, *outputs.values()])
    moved = [Call(c.layer, c.number, shifted(c.args, shift), shifted(c.kwargs, shift)) for c in calls]
    first = tuple(shifted(ref, shift) for ref in inputs)
    last = {key: shifted(ref, shift) for key, ref in outputs.items()}
    return Network(name, table, in_order(moved, table, (*first, *last.values())), first, last)


def calls_of(layer: Layer, entry: Mapping[str, Any], table: Mapping[str, Layer]) -> Iterator[Call]:
    """The uses of a layer."""
    nodes = entry.get("inbound_nodes") or []
    if not isinstance(nodes, list):
        raise ModelError(f"its config has no list of inputs for the layer {layer.name}")
    for number, node in enumerate(node for node in nodes if node):
        try:
            args, kwargs = arguments(node, table)
        except (TypeError, KeyError, IndexError, AttributeError) as error:
            raise ModelError(f"its config does not tell what the layer {layer.name} takes") from error
        yield Call(layer.name, number, args, kwargs)


def shifts(calls: Sequence[Call], refs: Sequence[Ref]) -> dict[str, int]:
    """How many calls a layer had before those that are written down: a model that is a layer has one, that
    in which it was made.
    """
    written: dict[str, int] = {}
    for call in calls:
        written[call.layer] = call.number
    meant = {ref.layer: 0 for ref in refs}
    for ref in refs:
        meant[ref.layer] = max(meant[ref.layer], ref.call)
    return {name: min(1, max(0, last - written.get(name, 0))) for name, last in meant.items()}


def in_order(calls: Sequence[Call], table: Mapping[str, Layer], ends: Sequence[Ref]) -> tuple[Call, ...]:
    """Calls so that what each takes is there. Raises ModelError where there is no such order."""
    nodes = {(call.layer, call.number): call for call in calls}
    given = {(name, 0) for name, layer in table.items() if layer.kind == INPUT}
    needs = {key: {ref[:2] for ref in refs_in((c.args, c.kwargs))} for key, c in nodes.items()}
    asked = set().union(*needs.values(), {ref[:2] for ref in ends})
    lost = sorted({str(name) for name, number in asked if (name, number) not in given | set(nodes)})
    if lost:
        raise ModelError(f"its layers refer to what is not there: {some_of(lost)}")
    try:
        return tuple(nodes[key] for key in TopologicalSorter(needs).static_order() if key in nodes)
    except CycleError as error:
        circle = list(dict.fromkeys(str(key[0]) for key in error.args[1]))
        raise ModelError(f"its layers take each other's outputs in a circle: {some_of(circle)}") from error
