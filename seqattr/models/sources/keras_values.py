"""The values that a Keras model's config holds: tensors, and what layers get beside them."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from seqattr.errors import ModelError

DEEPEST = 32  # values inside values
CONSTANT = "_CONSTANT_VALUE"  # tf.keras: what stands in the place of a layer's name


class Ref(NamedTuple):
    """One tensor of a model: which of the outputs of which call of a layer."""

    layer: str
    call: int
    tensor: int


def arguments(node: Any, layers: Collection[str]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments of a call, as Keras 3 writes them, or as those before do."""
    if isinstance(node, Mapping):
        return tuple(revived(node["args"])), revived(node["kwargs"])
    single = isinstance(node[0], str)
    entries = [node] if single else node
    values = [entry[2] if entry[0] == CONSTANT else Ref(*entry[:3]) for entry in entries]
    kwargs = {key: value for entry in entries if len(entry) > 3 for key, value in entry[3].items()}
    first = values[0] if len(values) == 1 else values
    return (first,), {key: with_refs(value, layers) for key, value in kwargs.items()}


def with_refs(value: Any, layers: Collection[str], depth: int = 0) -> Any:
    """A value of tf.keras, in which [name, call, tensor] is a tensor."""
    if depth > DEEPEST:
        raise ModelError(f"its config has values inside values, more than {DEEPEST} deep")
    if is_ref(value) and value[0] in layers:
        return Ref(*value)
    if isinstance(value, list):
        return [with_refs(one, layers, depth + 1) for one in value]
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


def shifted(value: Any, shift: Mapping[str, int]) -> Any:
    """The same with the calls of each layer counted from 0."""
    if isinstance(value, Ref):
        return value._replace(call=value.call - shift[value.layer])
    if isinstance(value, Mapping):
        return {key: shifted(one, shift) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(shifted(one, shift) for one in value)
    return value
