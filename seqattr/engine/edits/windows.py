"""Windows of positions: where a value has its positions, and what of an argument each of them reads."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor

from seqattr.engine.graph.graph import Step, map_refs
from seqattr.engine.ops.arguments import Arguments, bind
from seqattr.engine.walk.plan import Plan

Starts = Tensor | int  # of windows: of each (rows), or of all that are at one place


class Positions(NamedTuple):
    """Where a value has its positions: a dimension, counted from the end, and how many they are."""

    dim: int
    length: int


class Read(NamedTuple):
    """Position i of a value reads positions i * stride + first to i * stride + last of an argument.

    What lies outside of the argument counts as `outside`.
    """

    stride: int = 1
    first: int = 0
    last: int = 0
    outside: float = 0.0

    def window(self, start: Starts, size: int) -> tuple[Starts, int]:
        """What positions start to start + size read: its start, its size."""
        if self.stride < 0:
            return self.first - (start + size - 1), size
        return start * self.stride + self.first, (size - 1) * self.stride + self.last - self.first + 1

    def positions_reading(self, low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
        """The first and the last position that read any of low to high."""
        if self.stride < 0:
            return self.first - high, self.first - low
        return -((self.last - low) // self.stride), (high - self.first) // self.stride


HERE = Read()


@dataclass(frozen=True)
class Local:
    """A step whose positions each read a window: `function` makes windows of its value from windows.

    `constants` says where those among its arguments have positions, if they have any, and in how many
    dimensions they are broadcast.
    """

    positions: Positions
    function: Callable[..., Any]
    read: Read = HERE
    constants: tuple[Positions, int] | None = None


@dataclass(frozen=True)
class Site:
    """A step with all values for one sequence, and the positions of those before it."""

    plan: Plan
    step: Step
    values: Mapping[str, Any]
    known: Mapping[str, Positions] = field(repr=False)

    @property
    def function(self) -> Callable[..., Any]:
        return self.plan.functions[self.step.name]

    @property
    def shape(self) -> torch.Size:
        """Of the step's own value."""
        shape: torch.Size = self.values[self.step.name].shape
        return shape

    @property
    def source(self) -> Tensor:
        """The first activation that the step reads."""
        value: Tensor = self.values[self.plan.inputs[self.step.name][0]]
        return value

    @property
    def positions(self) -> Positions | None:
        """Where the activations that it reads have their positions, if all have them alike."""
        alike = {self.known.get(ref) for ref in self.plan.inputs[self.step.name]}
        return alike.pop() if len(alike) == 1 else None

    def bound(self) -> Arguments:
        """The step's arguments by name, with the values of one sequence."""
        given = map_refs([self.step.args, dict(self.step.kwargs)], self.values.__getitem__)
        return bind(self.step.op, *given)

    def arguments(self) -> list[Any]:
        """Those of one sequence, numbers that depend on the length among them."""
        return [map_refs(argument, self.values.__getitem__) for argument in self.step.args]
