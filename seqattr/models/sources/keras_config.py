"""What a Keras model is made of, as its config tells it: layers, their calls, inputs and outputs.

Configs are JSON, in the dialects of Keras 1.2 to 3 and tf.keras. They are read as plain data: no class is
looked up, and nothing is built.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any, NamedTuple

import numpy as np

from seqattr.errors import ModelError, some_of

Shape = tuple[int | None, ...]
DEEPEST = 32  # models inside models, and values inside values
INPUT = "InputLayer"
CONSTANT = "_CONSTANT_VALUE"  # tf.keras: what stands in the place of a layer's name


class Ref(NamedTuple):
    """One tensor of a model: which of the outputs of which call of a layer."""

    layer: str
    call: int
    tensor: int


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


def arguments(node: Any, table: Mapping[str, Layer]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments of a call, as Keras 3 writes them, or as those before do."""
    if isinstance(node, Mapping):
        return tuple(revived(node["args"])), revived(node["kwargs"])
    single = isinstance(node[0], str)
    entries = [node] if single else node
    values = [entry[2] if entry[0] == CONSTANT else Ref(*entry[:3]) for entry in entries]
    kwargs = {key: value for entry in entries if len(entry) > 3 for key, value in entry[3].items()}
    first = values[0] if len(values) == 1 else values
    return (first,), {key: with_refs(value, table) for key, value in kwargs.items()}


def with_refs(value: Any, table: Mapping[str, Layer], depth: int = 0) -> Any:
    """A value of tf.keras, in which [name, call, tensor] is a tensor."""
    if depth > DEEPEST:
        raise ModelError(f"its config has values inside values, more than {DEEPEST} deep")
    if is_ref(value) and value[0] in table:
        return Ref(*value)
    if isinstance(value, list):
        return [with_refs(one, table, depth + 1) for one in value]
    return value


def is_ref(value: Any) -> bool:
    """Whether a value has the form [name, call, tensor]."""
    return isinstance(value, list) and list(map(type, value)) == [str, int, int]


def revived(value: Any, depth: int = 0) -> Any:
    """A value of Keras 3, in which tensors, slices, tuples and arrays are tables."""
    if depth > DEEPEST:
        raise ModelError(f"its config has values inside values, more than {DEEPEST} deep")
    if isinstance(value, list):
        return [revived(one, depth + 1) for one in value]
    if not isinstance(value, Mapping):
        return value
    kind, config = value.get("class_name"), value.get("config")
    if isinstance(config, Mapping) and kind in REVIVED:
        return REVIVED[kind](revived(dict(config), depth + 1))
    return {key: revived(one, depth + 1) for key, one in value.items()}


REVIVED: Mapping[Any, Any] = {
    "__keras_tensor__": lambda config: Ref(*config["keras_history"]),
    "__slice__": lambda config: slice(config["start"], config["stop"], config["step"]),
    "__tuple__": lambda config: tuple(config["value"]),
    "__ellipsis__": lambda config: Ellipsis,
    "__numpy__": lambda config: np.asarray(config["value"], dtype=np.dtype(config["dtype"])),
    "__tensor__": lambda config: np.asarray(config["value"], dtype=np.dtype(config["dtype"])),
}


def tensors_in(value: Any) -> list[Ref]:
    """The tensors that inputs or outputs are, however they are packed."""
    return list(named_tensors(value).values())


def named_tensors(value: Any) -> dict[str, Ref]:
    """Tensors by the keys of their table, or by the layers that give them. Raises ModelError for others."""
    if isinstance(value, Mapping):
        return {str(key): ref for key, one in value.items() for ref in tensors_in(one)}
    refs = [Ref(*value)] if is_ref(value) else [ref for one in value for ref in tensors_in(one)]
    names = [ref.layer for ref in refs]
    return {
        ref.layer if names.count(ref.layer) == 1 else f"{ref.layer}_{ref.call}_{ref.tensor}": ref
        for ref in refs
    }


def refs_in(value: Any) -> Iterator[Ref]:
    """Every tensor in the arguments of a call."""
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, Mapping):
        yield from refs_in(list(value.values()))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from refs_in(one)


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


def shifted(value: Any, shift: Mapping[str, int]) -> Any:
    """The same with the calls of each layer counted from 0."""
    if isinstance(value, Ref):
        return value._replace(call=value.call - shift[value.layer])
    if isinstance(value, Mapping):
        return {key: shifted(one, shift) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(shifted(one, shift) for one in value)
    return value


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
