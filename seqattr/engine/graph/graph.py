"""The captured model: a list of steps as plain data, and how one step is evaluated.

A graph holds nothing that can run: op names, arguments and tensors. What an op name may be is
fixed by the tables of `ops`; a graph that names anything else is refused.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple, NoReturn, TypeVar, cast

import torch
from torch import Tensor

from seqattr.engine.ops.arguments import Arguments, bind
from seqattr.engine.ops.makers import FACTORIES, MAKERS, SHAPE_ONLY
from seqattr.errors import ModelError

INPUT = "sequence"
T = TypeVar("T")


class Ref(str):
    """An argument that is the value of a step, the input or a tensor of the graph, by its name."""


class BatchLayout(NamedTuple):
    """Where the batch sits in a value: dimension `dim` has size before * rows * after."""

    dim: int
    before: int
    after: int


@dataclass(frozen=True)
class Step:
    """One node of the graph: an op on earlier values."""

    name: str
    op: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    output: int | None = None  # which output of an op that has several
    source: str = ""  # the user's source line
    part_of: str = ""  # the composite op that was written out into this step and others
    layout: BatchLayout | None = None  # None: the value does not depend on the sequence
    shape: str = ""  # for people, as (N, 50, 190)

    def refs(self) -> Iterator[Ref]:
        """Every argument that is a value, in order, repeats included."""
        return find_refs((self.args, dict(self.kwargs)))

    @cached_property
    def arguments(self) -> Arguments:
        """The arguments by torch's names, as `.stride`. Raises ModelError where they do not fit."""
        try:
            return bind(self.op, self.args, self.kwargs)
        except FAILURES as error:
            raise_for(self, error)


@dataclass(frozen=True)
class Graph:
    """A model as steps in order, their tensors, and the names of its outputs.

    `inputs` are what is not of the graph itself, and depends on the bases.
    """

    steps: tuple[Step, ...]
    tensors: Mapping[str, Tensor]
    outputs: tuple[str, ...]
    inputs: tuple[str, ...] = (INPUT,)

    def to(self, device: torch.device | str, dtype: torch.dtype) -> "Graph":
        """The same graph with its tensors on `device`, floating point ones as `dtype`; itself if they are."""
        moved = {
            name: tensor.to(device, dtype if tensor.is_floating_point() else tensor.dtype)
            for name, tensor in self.tensors.items()
        }
        same = all(moved[name] is tensor for name, tensor in self.tensors.items())
        return self if same else replace(self, tensors=moved)

    def active(self) -> set[str]:
        """Names of the values that depend on the sequence's bases."""
        return self.once("active", self._find_active)

    def by_name(self) -> dict[str, Step]:
        """The steps keyed by their names."""
        return self.once("steps", lambda: {step.name: step for step in self.steps})

    def consumers(self) -> dict[str, list[Step]]:
        """For every value, the steps that read it."""
        return self.once("readers", self._find_readers)

    def activations(self) -> dict[str, list[Ref]]:
        """For every step, those of its arguments that depend on the bases, in order, repeats included."""
        active = self.active()
        return self.once("activations", lambda: {step.name: inputs_of(step, active) for step in self.steps})

    # --- searches ------------------------------------------------------------------------------

    def active_readers(self, name: str) -> list[Step]:
        """The steps that read a value's numbers, rather than no more than its shape."""
        return [step for step in self.consumers().get(name, ()) if step.name in self.active()]

    def downstream(self, name: str) -> Iterator[Step]:
        """Every step that a value has a part in, each once."""
        seen, waiting = {name}, [name]
        while waiting:
            for reader in self.consumers().get(waiting.pop(), ()):
                if reader.name not in seen:
                    seen.add(reader.name)
                    waiting.append(reader.name)
                    yield reader

    def upstream(self, name: str) -> set[str]:
        """The names of a value and of all that it is made of, tensors and inputs among it."""
        names, waiting = {name}, [name]
        while waiting:
            step = self.by_name().get(waiting.pop())
            fresh = set(step.refs()) - names if step is not None else set()
            names |= fresh
            waiting += fresh
        return names

    def origins(self, passes: Callable[[Step], bool]) -> dict[str, str]:
        """For every value that depends on the bases the one that it is made of: itself, or, where its step
        only passes something on, the origin of the first activation that the step reads.
        """
        table = {name: name for name in self.inputs}
        for step in self.steps:
            if step.name in self.active():
                table[step.name] = table[self.activations()[step.name][0]] if passes(step) else step.name
        return table

    def closure(
        self, joins: Callable[[Step, set[str]], bool], start: Iterable[str] = (), backwards: bool = False
    ) -> frozenset[str]:
        """Names of the values for which `joins(step, names so far)` holds, with those from the `start` on;
        each step is asked once, in the graph's order or against it.
        """
        names = set(start)
        for step in reversed(self.steps) if backwards else self.steps:
            if joins(step, names):
                names.add(step.name)
        return frozenset(names)

    def once(self, what: str, find: Callable[[], T]) -> T:
        """What can be found out about the whole graph, found once: asked for at every step it would take
        as long as there are steps, each time. Not to be written on.
        """
        if what not in self._cache:
            self._cache[what] = find()
        return cast(T, self._cache[what])

    @cached_property
    def _cache(self) -> dict[str, Any]:
        return {}

    def _find_active(self) -> set[str]:
        names = set(self.inputs)
        for step in self.steps:
            if step.op not in SHAPE_ONLY and any(ref in names for ref in step.refs()):
                names.add(step.name)
        return names

    def _find_readers(self) -> dict[str, list[Step]]:
        table: dict[str, list[Step]] = {}
        for step in self.steps:
            for ref in dict.fromkeys(step.refs()):
                table.setdefault(ref, []).append(step)
        return table


def find_refs(argument: Any) -> Iterator[Ref]:
    """Every Ref inside nested lists, tuples and dicts."""
    if isinstance(argument, Ref):
        yield argument
    elif isinstance(argument, dict):
        for value in argument.values():
            yield from find_refs(value)
    elif isinstance(argument, list | tuple):
        for value in argument:
            yield from find_refs(value)


def map_refs(argument: Any, change: Callable[[Ref], Any]) -> Any:
    """The same nested argument with every Ref replaced by `change(ref)`."""
    if isinstance(argument, Ref):
        return change(argument)
    if isinstance(argument, dict):
        return {key: map_refs(value, change) for key, value in argument.items()}
    if isinstance(argument, list | tuple):
        return type(argument)(map_refs(value, change) for value in argument)
    return argument


def inputs_of(step: Step, active: set[str]) -> list[Ref]:
    """The activation arguments of a step, in order, repeats included."""
    return [ref for ref in step.refs() if ref in active]


def rewire(step: Step, change: Callable[[Ref], Any]) -> Step:
    """The step with every Ref among its arguments replaced by `change(ref)`."""
    return replace(step, args=map_refs(step.args, change), kwargs=map_refs(dict(step.kwargs), change))


FAILURES = (RuntimeError, TypeError, IndexError, ValueError, AttributeError, ArithmeticError)


def raise_for(step: Step, error: Exception) -> NoReturn:
    """Raises ModelError for a step that does not fit what it reads, as one of a file may at some length.

    Running out of memory is another matter.
    """
    text = " ".join(str(error).split())
    if "memory" in text:
        raise error
    raise ModelError(f"{step.op} fails at {step.source}: {text[:200]}") from error


def evaluate_or_raise(
    step: Step, function: Callable[..., Any], values: Mapping[str, Any], like: Tensor
) -> Any:
    """As `evaluate`. Raises ModelError for a step that does not fit what it reads."""
    try:
        return evaluate(step, function, values, like)
    except FAILURES as error:
        raise_for(step, error)


def evaluate(step: Step, function: Callable[..., Any], values: Mapping[str, Any], like: Tensor) -> Any:
    """The value of `step`, its arguments looked up in `values`; new tensors are made beside `like`."""
    args = map_refs(step.args, values.__getitem__)
    kwargs = map_refs(dict(step.kwargs), values.__getitem__) if step.kwargs else {}
    if step.op in FACTORIES:
        kwargs["device"] = like.device
    result = function(*args, **kwargs)
    if step.op in MAKERS and result.is_floating_point():
        return result.to(like.dtype)
    return result if step.output is None else result[step.output]
