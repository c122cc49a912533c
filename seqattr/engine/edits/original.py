"""Sequences to be edited, with all their values, from which the surroundings of edits are cut."""

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from seqattr.engine.edits.windows import Positions
from seqattr.engine.walk.forward import Values, flat, side_values
from seqattr.engine.walk.plan import Plan


def rows_of(plan: Plan, values: Values, constants: Mapping[str, Any], name: str, ndim: int) -> Tensor:
    """A value as it is; one that depends on no base as a single row, in so many dimensions."""
    if name in plan.active:
        value: Tensor = values[name]
        return value
    value = constants[name]
    return value.reshape((1,) * (ndim - value.ndim) + tuple(value.shape))


class Original:
    """Sequences (S, 4, L) with all their values, and the tables that windows are cut from.

    `constants` are the values that depend on no base, for one row.
    """

    def __init__(self, plan: Plan, sequences: Tensor, constants: Values) -> None:
        self.plan, self.constants = plan, constants
        self.number = len(sequences)
        self.values: Values = side_values(plan, sequences)
        self._tables: dict[tuple[str, float], Tensor] = {}
        self._sums: dict[str, Tensor] = {}

    def output(self, name: str) -> Tensor:
        """An output of the only sequence, (elements)."""
        value: Tensor = self.values[name]
        return value.flatten()

    def outputs(self, name: str) -> Tensor:
        """An output of all sequences, (S, elements)."""
        return flat(self.values[name])

    def table(self, name: str, at: Positions, ndim: int, outside: float) -> Tensor:
        """A value's positions one by one, and what counts beyond them: (rows * positions + 1, elements)."""
        if (name, outside) not in self._tables:
            rows = by_position(self.rows(name, ndim), at.dim)
            beyond = rows.new_full((1, rows.shape[1]), outside)
            self._tables[name, outside] = torch.cat([rows, beyond])
        return self._tables[name, outside]

    def rows(self, name: str, ndim: int) -> Tensor:
        """A value of each sequence; one that depends on no base as a single row, in so many dimensions."""
        return rows_of(self.plan, self.values, self.constants, name, ndim)

    def sums(self, name: str, at: Positions, dims: list[int]) -> Tensor:
        """Sums over the first so many positions, (positions + 1, S, ...), in float64."""
        if name not in self._sums:
            others = [dim for dim in dims if dim != at.dim]
            value = self.values[name].double()
            value = value.sum(others, keepdim=True) if others else value
            upto = value.cumsum(at.dim).movedim(at.dim, 0)
            self._sums[name] = torch.cat([torch.zeros_like(upto[:1]), upto])
        return self._sums[name]


def stretch(value: Tensor, at: Positions, first: int, last: int, outside: float) -> Iterator[Tensor]:
    """Positions first to last of a value, in parts: what counts beyond it, and what is there."""
    begin, end = max(first, 0), min(last, at.length)
    if first < min(last, 0):
        yield filled(value, at.dim, min(last, 0) - first, outside)
    if begin < end:
        yield value.narrow(at.dim, begin, end - begin)
    if last > max(first, at.length):
        yield filled(value, at.dim, last - max(first, at.length), outside)


def filled(value: Tensor, dim: int, size: int, number: float) -> Tensor:
    """As a value, with so many positions along a dimension, of one number."""
    shape = list(value.shape)
    shape[dim] = size
    return value.new_full((), number).expand(shape)


def by_position(value: Tensor, dim: int) -> Tensor:
    """(rows, ..., positions, ...) -> (rows * positions, elements)"""
    value = value.movedim(dim, 1)
    return value.reshape(value.shape[0] * value.shape[1], -1)
