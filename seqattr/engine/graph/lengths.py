"""Which lengths of sequences a captured graph takes."""

from dataclasses import dataclass

import torch
from torch import Tensor

from seqattr.engine.graph.forward import all_values
from seqattr.engine.graph.graph import Graph
from seqattr.errors import SeqattrError


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
            values = all_values(graph, example)
    except SeqattrError:
        return False
    made = [values[step.name] for step in graph.steps if isinstance(values[step.name], Tensor)]
    return all(v.numel() for v in made) and all(values[name].isfinite().all() for name in graph.outputs)


def of_one_size(graph: Graph, example: Tensor) -> bool:
    """Whether the outputs have as many elements at twice the length: a target must stay the same place."""
    longer = torch.cat([example, example], 2)
    with torch.no_grad():
        once, twice = all_values(graph, example), all_values(graph, longer)
    return all(once[name].shape == twice[name].shape for name in graph.outputs)
