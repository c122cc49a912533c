"""How a module is called: where the sequences go in, and where everything else that it takes.

A module takes its inputs as parameters of its forward, as one dict, or as one list.
"""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import Any

import torch
from torch import Tensor, nn

from seqattr.engine.capture.constants import SEQUENCE, Constant, Filled, constant_of
from seqattr.errors import UnknownName

ARGUMENTS, DICT, LIST = "arguments", "dict", "list"
OF_KERAS = {"training", "mask"}  # which its layers' own call has beside the inputs
POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
NAMED = (*POSITIONAL, inspect.Parameter.KEYWORD_ONLY)


@dataclass(frozen=True)
class Call:
    """How a module takes its inputs: the sequences under a name (None: first of all), and the constants."""

    packing: str = ARGUMENTS
    sequence: str | None = None
    constants: Mapping[str, Constant] = field(default_factory=dict)

    @property
    def is_plain(self) -> bool:
        return self == Call()

    def spelt(self) -> tuple[str, ...]:
        """What is held constant, in words."""
        return tuple(f"{name}={constant}" for name, constant in self.constants.items())


class Caller(nn.Module):
    """Calls a module with the sequences, as laid out for it, and everything else held constant."""

    def __init__(self, module: nn.Module, call: Call) -> None:
        super().__init__()
        self.module, self.call = module, call
        self.positional = [name for name, p in parameters(module).items() if p.kind in POSITIONAL]

    def forward(self, sequences: Tensor, floats: Tensor) -> Any:
        """Of (N, 4, L) `floats` the constants have their number, length and type, which the sequences, as
        the module takes them, need not have."""
        call, (rows, _, length) = self.call, floats.shape
        values = {name: constant.of(floats, rows, length) for name, constant in call.constants.items()}
        if call.packing == DICT:
            return self.module({call.sequence: sequences, **values})
        if call.packing == LIST:
            values[str(call.sequence)] = sequences
            return self.module([values[key] for key in sorted(values, key=int)])
        if call.sequence is None:
            return self.module(sequences, **values)
        values[call.sequence] = sequences
        in_order = list(takewhile(values.__contains__, self.positional))  # an exported module takes no names
        first = [values.pop(name) for name in in_order]
        return self.module(*first, **values)


# --- what a module takes -------------------------------------------------------------------------


def parameters(module: nn.Module) -> dict[str, inspect.Parameter]:
    """The parameters of a module's forward, by name; those of its `call` where the forward takes anything."""
    declared = signature_of(module.forward)
    if any(p.kind in NAMED for p in declared.values()) or not hasattr(module, "call"):
        return declared
    return {name: p for name, p in signature_of(module.call).items() if name not in OF_KERAS}


def signature_of(function: Any) -> dict[str, inspect.Parameter]:
    schema = getattr(function, "schema", None)  # TorchScript's
    if schema is not None:
        kind, empty = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.empty
        return {
            a.name: inspect.Parameter(
                a.name, kind, default=a.default_value if a.has_default_value() else empty
            )
            for a in schema.arguments[1:]
        }
    try:
        return dict(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return {}


def names_in(module: nn.Module) -> list[str]:
    """The names of what a module's forward takes."""
    return [name for name, p in parameters(module).items() if p.kind in NAMED]


def required(module: nn.Module) -> list[str]:
    """The parameters that a call must give."""
    return [n for n, p in parameters(module).items() if p.kind in NAMED and p.default is p.empty]


def keys_of_keras(module: nn.Module) -> dict[str, tuple[int | None, ...]]:
    """The keys of a Keras model's inputs, its names for them or those of its dict, and their shapes for one
    sequence; nothing for other modules."""
    inputs = getattr(module, "inputs", None)
    if not isinstance(inputs, list) or not all(hasattr(i, "name") and hasattr(i, "shape") for i in inputs):
        return {}
    keyed = getattr(module, "_inputs_struct", None)
    named = keyed if isinstance(keyed, dict) else {one.name: one for one in inputs}
    return {key: tuple(one.shape[1:]) for key, one in named.items()}


# --- what is given -------------------------------------------------------------------------------


def call_of(module: nn.Module, given: Mapping[str, Any]) -> Call:
    """How to call a module, given values for its inputs by name, number or key; shapes may still be unknown.

    Raises UnknownName for an input that is not there, InputError for a value that is none.
    """
    given = {str(name): value for name, value in given.items()}
    if not given:
        return call_without(module)
    sequence = next(
        (name for name, value in given.items() if isinstance(value, str) and value == SEQUENCE), None
    )
    values = {name: value for name, value in given.items() if name != sequence}
    names, free = names_in(module), takes_any(module)
    if keys_of_keras(module):
        return by_key_of_keras(module, values, sequence)
    if all(name.isdigit() for name in given) and (len(names) > 1 or free):
        return by_position(module, values, sequence)
    if all(name.isdigit() for name in given):
        slots = (str(number) for number in range(len(given) + 1))
        sequence = sequence or next(slot for slot in slots if slot not in given)
        return Call(LIST, sequence, constants_of(values, module))
    if set(given) <= set(names) or free:
        return Call(ARGUMENTS, sequence or first_open(module, values), constants_of(values, module))
    if len(required(module) or names) > 1:
        raise UnknownName("input", next(name for name in given if name not in names), names)
    return Call(DICT, sequence, constants_of(values, module))


def call_without(module: nn.Module) -> Call:
    """Of a module to which nothing is given but the sequences: by keyword where it takes them so alone."""
    declared = parameters(module)
    first = next((p for name, p in declared.items() if name in required(module)), None)
    by_keyword = first is not None and first.kind is first.KEYWORD_ONLY
    return Call(ARGUMENTS, first.name) if first is not None and by_keyword else Call()


def by_position(module: nn.Module, values: Mapping[str, Any], sequence: str | None) -> Call:
    """Of inputs by their numbers, of which a forward with *args has no names."""
    names = [name for name, p in parameters(module).items() if p.kind in POSITIONAL]
    last = max(map(int, [*values, sequence or "0"]))
    if last >= len(names):
        known = [str(number) for number in range(len(names))]
        raise UnknownName("number of an input", str(last), known)
    named = {names[int(number)]: value for number, value in values.items()}
    taken = names[int(sequence)] if sequence else first_open(module, named)
    return Call(ARGUMENTS, taken, constants_of(named, module))


def first_open(module: nn.Module, values: Mapping[str, Any]) -> str | None:
    """The first parameter without a value, those first that need one: the sequences go in there."""
    return next((n for n in (*required(module), *names_in(module)) if n not in values), None)


def takes_any(module: nn.Module) -> bool:
    """Whether a module's forward takes whatever is named, or however many."""
    return any(p.kind not in NAMED for p in parameters(module).values())


def constants_of(values: Mapping[str, Any], module: nn.Module) -> dict[str, Constant]:
    """What values mean, with the shapes that the module itself tells."""
    declared, shapes = parameters(module), keys_of_keras(module)
    usual = {name: p.default for name, p in declared.items()}
    constants = {name: constant_of(name, value, usual.get(name)) for name, value in values.items()}
    return {name: shaped(constant, shapes.get(name)) for name, constant in constants.items()}


def shaped(constant: Constant, shape: tuple[int | None, ...] | None) -> Constant:
    known = [size for size in shape or () if size is not None]
    if isinstance(constant, Filled) and constant.sizes is None and shape and len(known) == len(shape):
        return replace(constant, sizes=tuple(known))
    return constant


def by_key_of_keras(module: nn.Module, values: Mapping[str, Any], sequence: str | None) -> Call:
    """Of the inputs of a Keras model, by their names or numbers. Raises UnknownName."""
    keys = list(keys_of_keras(module))
    numbered = {str(number): key for number, key in enumerate(keys)}
    named = {numbered.get(name, name): value for name, value in values.items()}
    taken = numbered.get(sequence, sequence) if sequence else None
    unknown = next((name for name in (*named, *([taken] if taken else ())) if name not in keys), None)
    if unknown:
        raise UnknownName("input", unknown, keys)
    return Call(DICT, taken, constants_of(named, module))


# --- the keys that a module asks a dict for ------------------------------------------------------


class Asked(dict[str, Any]):
    """A dict that knows which keys it was asked for in vain."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.needed: list[str] = []
        self.optional: list[str] = []

    def __missing__(self, key: str) -> Any:
        self.needed.append(key)
        raise KeyError(key)

    def get(self, key: str, default: Any = None) -> Any:
        if key not in self:
            self.optional.append(key)
        return super().get(key, default)


def keys_asked_for(module: nn.Module, like: Tensor, known: Mapping[str, Any] | None = None) -> list[str]:
    """The keys without which a module refuses a dict, `known` ones aside; `like` stands under each."""
    keys: list[str] = []
    while len(keys) < MOST_KEYS:
        batch = Asked({**(known or {}), **dict.fromkeys(keys, like)})
        try:
            with torch.no_grad():
                module(batch)
        except Exception:  # a module may fail in any way
            asked = batch.needed or ([] if keys else batch.optional)
        else:
            asked = batch.needed
        if not asked or not isinstance(asked[0], str):
            break
        keys.append(asked[0])
    return keys


MOST_KEYS = 12
