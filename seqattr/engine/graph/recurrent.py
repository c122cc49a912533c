"""Recurrent layers: what one time step does, as a small graph, and the loop over time that `ops.recurrent`
declares as one op.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from seqattr.engine.graph.graph import Graph, Ref, Step
from seqattr.engine.ops.arguments import torch_op
from seqattr.engine.ops.names import ADD, LINEAR, MUL, RELU, SIGMOID, SLICE, SUB, TANH
from seqattr.engine.ops.recurrent import LIBRARY, RECURRENT, check_shapes

# What a time step reads. No name that torch.export gives has a blank.
GIVEN, FED_BACK = Ref("given by the input"), Ref("fed back")
HIDDEN, CELL = Ref("hidden state"), Ref("cell state")
WEIGHT, BIAS = Ref("weight"), Ref("bias")


class Cell(NamedTuple):
    """One time step: `written` adds its steps to a graph, and gives the names of the states after it."""

    states: tuple[Ref, ...]
    written: Callable[["Writer"], tuple[Ref, ...]]


class Writer:
    """Puts down the steps of a graph, for `size` hidden units."""

    def __init__(self, name: str, size: int) -> None:
        self.name, self.size = name, size
        self.steps: list[Step] = []

    def __call__(self, op: str, *args: Any) -> Ref:
        """A step more; its value's name."""
        return self.add(Ref(f"{op} {len(self.steps)}"), op, *args)

    def add(self, name: Ref, op: str, *args: Any) -> Ref:
        self.steps.append(Step(name, op, args, part_of=self.name))
        return name

    def gate(self, gates: Ref, number: int) -> Ref:
        """One gate's share of a value that holds all of them."""
        return self(SLICE, gates, -1, number * self.size, (number + 1) * self.size)

    def plus(self, a: Ref, b: Ref) -> Ref:
        return self(ADD, a, b)

    def times(self, a: Ref, b: Ref) -> Ref:
        return self(MUL, a, b)

    def sigmoid(self, a: Ref) -> Ref:
        return self(SIGMOID, a)

    def tanh(self, a: Ref) -> Ref:
        return self(TANH, a)


def lstm_step(w: Writer) -> tuple[Ref, ...]:
    gates = w.plus(FED_BACK, GIVEN)
    enter, keep, candidate, show = (w.gate(gates, number) for number in range(4))
    kept, new = w.times(w.sigmoid(keep), CELL), w.times(w.sigmoid(enter), w.tanh(candidate))
    cell = w.plus(kept, new)
    return w.times(w.sigmoid(show), w.tanh(cell)), cell


def gru_step(w: Writer) -> tuple[Ref, ...]:
    reset, update = (w.sigmoid(w.plus(w.gate(FED_BACK, i), w.gate(GIVEN, i))) for i in (0, 1))
    candidate = w.tanh(w.plus(w.gate(GIVEN, 2), w.times(w.gate(FED_BACK, 2), reset)))
    return (w.plus(w.times(w(SUB, HIDDEN, candidate), update), candidate),)


def rnn_step(function: str) -> Callable[[Writer], tuple[Ref, ...]]:
    return lambda w: (w(function, w.plus(FED_BACK, GIVEN)),)


CELLS = {
    "lstm": Cell((HIDDEN, CELL), lstm_step),
    "gru": Cell((HIDDEN,), gru_step),
    "rnn_tanh": Cell((HIDDEN,), rnn_step(TANH)),
    "rnn_relu": Cell((HIDDEN,), rnn_step(RELU)),
}


@functools.cache
def cell_graph(name: str, size: int, biased: bool) -> Graph:
    """One time step of a layer with `size` hidden units. The first step is the product with the hidden state;
    the outputs are the states after it.
    """
    cell, writer = CELLS[name], Writer(name, size)
    writer.add(FED_BACK, LINEAR, HIDDEN, WEIGHT, BIAS if biased else None)
    outputs = cell.written(writer)
    return Graph(tuple(writer.steps), {}, outputs, inputs=(GIVEN, *cell.states))


# --- the loop over time --------------------------------------------------------------------------


def over_time(name: str, given: Tensor, weight: Tensor, bias: Tensor | None, *states: Tensor) -> Tensor:
    """The states after each time step, (T, N, states * H), of what is given to the gates, (T, N, gates * H).

    `states` are those before the first, (N, H) each. Raises ValueError for shapes that do not fit.
    """
    check_shapes(name, given, weight, bias, *states)
    graph = cell_graph(name, weight.shape[1], bias is not None)
    steps = [(step.name, torch_op(step.op), step.args) for step in graph.steps]
    constants: dict[str, Any] = {WEIGHT: weight, BIAS: bias}
    after = []
    for at_time in given.unbind():
        values = {GIVEN: at_time, **dict(zip(graph.inputs[1:], states, strict=True)), **constants}
        for step, function, args in steps:
            values[step] = function(*[values[a] if isinstance(a, Ref) else a for a in args])
        states = tuple(values[state] for state in graph.outputs)
        after.append(torch.cat(states, -1))
    return torch.stack(after)


for _name in CELLS:
    LIBRARY.impl(_name, functools.partial(over_time, _name), "CompositeExplicitAutograd")

OVER_TIME = {op: functools.partial(over_time, name) for op, name in RECURRENT.items()}


def cell_of(step: Step) -> str:
    """Which of the CELLS a recurrent step walks through time with."""
    return RECURRENT[step.op]
