"""Which lengths of sequences a captured graph takes."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from seqattr.engine.graph.forward import outputs_of, step_by_step
from seqattr.engine.graph.graph import Graph
from seqattr.errors import SeqattrError

LONG = 2**15  # bases: of longer sequences no more is tried than has room in memory


@dataclass(frozen=True)
class Lengths:
    """The sequence lengths that a model takes, in bases; `longest` None means any."""

    shortest: int
    longest: int | None

    def __contains__(self, length: object) -> bool:
        return isinstance(length, int) and self.shortest <= length <= (self.longest or length)

    @property
    def is_fixed(self) -> bool:
        return self.shortest == self.longest

    def other_than(self, length: int) -> int:
        """Another length that the model takes: twice as long, or half of what is long already."""
        half = length // 2 if length > LONG else 0
        return half if half in self else 2 * length

    def __str__(self) -> str:
        if self.is_fixed:
            return f"{self.shortest} bp"
        return (
            f"{self.shortest} bp or more" if self.longest is None else f"{self.shortest} to {self.longest} bp"
        )


def lengths_of(graph: Graph, example: Tensor, least: int | None) -> Lengths:
    """Which lengths a graph takes that was captured on `example`; `least` None: its length alone."""
    length = example.shape[2]
    if least is None or not of_one_size(graph, example):
        return Lengths(length, length)
    return Lengths(shortest_length(graph, example, least), None)


def shortest_length(graph: Graph, example: Tensor, least: int) -> int:
    """The least length, of those that torch.export vouches for, at which the graph runs; by halving."""
    low, high = least - 1, example.shape[2]
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if answers(graph, example[:, :, :middle]) else (middle, high)
    return high


def answers(graph: Graph, example: Tensor) -> bool:
    """Whether the graph runs on an example and answers with numbers, in every value that it works out."""
    try:
        with torch.no_grad():
            return all(
                is_there(value, step.name in graph.outputs) for step, (value,) in step_by_step(graph, example)
            )
    except SeqattrError:
        return False


def is_there(value: Any, finite: bool) -> bool:
    """Whether a value is no empty tensor, and, where it should be `finite`, consists of numbers."""
    return not isinstance(value, Tensor) or bool(value.numel() and (not finite or value.isfinite().all()))


def of_one_size(graph: Graph, example: Tensor) -> bool:
    """Whether the outputs have as many elements at twice the length: a target must stay the same place."""
    with torch.no_grad():
        once, twice = outputs_of(graph, example), outputs_of(graph, torch.cat([example, example], 2))
    return all(a.shape == b.shape for a, b in zip(once, twice, strict=True))
