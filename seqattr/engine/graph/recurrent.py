"""Recurrent layers: what one time step does, as a small graph, and the loop over time as one op.

`seqattr::lstm` and its like take what the input gives to the gates at all times, W x + b, (T, N, gates * H),
and walk through time; they answer with the states after each time step, (T, N, states * H). What is around
them, the input's weights, layers and directions, is written out in ordinary steps.
"""

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from seqattr.engine.graph.graph import Graph, Ref, Step, torch_op

# What a time step reads. No name that torch.export gives has a blank.
GIVEN, FED_BACK = Ref("given by the input"), Ref("fed back")
HIDDEN, CELL = Ref("hidden state"), Ref("cell state")
WEIGHT, BIAS = Ref("weight"), Ref("bias")


class Cell(NamedTuple):
    """One time step: `written` adds its steps to a graph, and gives the names of the states after it."""

    states: tuple[Ref, ...]
    gates: int
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
        self.steps.append(Step(name, f"aten.{op}", args, part_of=self.name))
        return name

    def gate(self, gates: Ref, number: int) -> Ref:
        """One gate's share of a value that holds all of them."""
        return self("slice.Tensor", gates, -1, number * self.size, (number + 1) * self.size)

    def plus(self, a: Ref, b: Ref) -> Ref:
        return self("add.Tensor", a, b)

    def times(self, a: Ref, b: Ref) -> Ref:
        return self("mul.Tensor", a, b)

    def sigmoid(self, a: Ref) -> Ref:
        return self("sigmoid.default", a)

    def tanh(self, a: Ref) -> Ref:
        return self("tanh.default", a)


def lstm_step(w: Writer) -> tuple[Ref, ...]:
    gates = w.plus(FED_BACK, GIVEN)
    enter, keep, candidate, show = (w.gate(gates, number) for number in range(4))
    kept, new = w.times(w.sigmoid(keep), CELL), w.times(w.sigmoid(enter), w.tanh(candidate))
    cell = w.plus(kept, new)
    return w.times(w.sigmoid(show), w.tanh(cell)), cell


def gru_step(w: Writer) -> tuple[Ref, ...]:
    reset, update = (w.sigmoid(w.plus(w.gate(FED_BACK, i), w.gate(GIVEN, i))) for i in (0, 1))
    candidate = w.tanh(w.plus(w.gate(GIVEN, 2), w.times(w.gate(FED_BACK, 2), reset)))
    return (w.plus(w.times(w("sub.Tensor", HIDDEN, candidate), update), candidate),)


def rnn_step(function: str) -> Callable[[Writer], tuple[Ref, ...]]:
    return lambda w: (w(function, w.plus(FED_BACK, GIVEN)),)


CELLS = {
    "lstm": Cell((HIDDEN, CELL), 4, lstm_step),
    "gru": Cell((HIDDEN,), 3, gru_step),
    "rnn_tanh": Cell((HIDDEN,), 1, rnn_step("tanh.default")),
    "rnn_relu": Cell((HIDDEN,), 1, rnn_step("relu.default")),
}


@functools.cache
def cell_graph(name: str, size: int, biased: bool) -> Graph:
    """One time step of a layer with `size` hidden units. The first step is the product with the hidden state;
    the outputs are the states after it.
    """
    cell, writer = CELLS[name], Writer(name, size)
    writer.add(FED_BACK, "linear.default", HIDDEN, WEIGHT, BIAS if biased else None)
    outputs = cell.written(writer)
    return Graph(tuple(writer.steps), {}, outputs, inputs=(GIVEN, *cell.states))


# --- the loop over time --------------------------------------------------------------------------


def over_time(name: str, given: Tensor, weight: Tensor, bias: Tensor | None, *states: Tensor) -> Tensor:
    """The states after each time step, (T, N, states * H), of what is given to the gates, (T, N, gates * H).

    `states` are those before the first, (N, H) each. Raises ValueError for shapes that do not fit.
    """
    check_shapes(CELLS[name], given, weight, bias, *states)
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


def check_shapes(cell: Cell, given: Tensor, weight: Tensor, bias: Tensor | None, *states: Tensor) -> None:
    """Raises ValueError unless one number of hidden units, and one of rows, makes sense of all."""
    wide, size = weight.shape if weight.ndim == 2 else (0, 0)
    times, rows, width = given.shape if given.ndim == 3 else (0, 0, 0)
    fits = wide == width == cell.gates * size and times > 0
    fits = fits and all(state.shape == (rows, size) for state in states) and len(states) == len(cell.states)
    if not fits or (bias is not None and bias.shape != (wide,)):
        shapes = [tuple(value.shape) for value in (given, weight, bias, *states) if value is not None]
        raise ValueError(f"a recurrent step cannot be made of tensors of the shapes {shapes}")


def like_states(name: str, given: Tensor, weight: Tensor, bias: Tensor | None, *states: Tensor) -> Tensor:
    """An empty tensor of the shape of what `over_time` gives."""
    return given.new_empty(given.shape[0], given.shape[1], len(states) * weight.shape[1])


LIBRARY = torch.library.Library("seqattr", "FRAGMENT")
for _name, _cell in CELLS.items():
    _states = ", ".join(f"Tensor state{number}" for number in range(len(_cell.states)))
    LIBRARY.define(f"{_name}(Tensor given, Tensor weight, Tensor? bias, {_states}) -> Tensor")
    LIBRARY.impl(_name, functools.partial(over_time, _name), "CompositeExplicitAutograd")
    torch.library.register_fake(
        f"seqattr::{_name}", functools.partial(like_states, _name), lib=LIBRARY, allow_override=True
    )

RECURRENT = {f"seqattr.{name}.default": functools.partial(over_time, name) for name in CELLS}


def cell_of(step: Step) -> str:
    """Which of the CELLS a recurrent step walks through time with."""
    return step.op.split(".")[1]


# --- layers and directions, written out ------------------------------------------------------------


class Layer(NamedTuple):
    """One layer in one direction: its weights, and its states before the first time step, (N, H) each."""

    name: str
    weights: Sequence[Tensor]
    states: Sequence[Tensor]

    def run(self, value: Tensor, backwards: bool) -> tuple[Tensor, list[Tensor]]:
        """(T, N, features) -> the hidden state at each time, (T, N, H), and all states at the end."""
        of_input, of_state, *biases = self.weights
        own, fed_back = biases or (None, None)
        given = torch.nn.functional.linear(value, of_input, own)
        op = getattr(torch.ops.seqattr, self.name).default
        after = op(given.flip(0) if backwards else given, of_state, fed_back, *self.states)
        hidden, *others = after.split(of_state.shape[1], -1)
        return hidden.flip(0) if backwards else hidden, [state[-1] for state in (hidden, *others)]


class Call(NamedTuple):
    """The arguments of a call of torch.lstm and its like, which answer for whole recurrent layers."""

    input: Tensor
    hx: Any
    params: Sequence[Tensor]
    has_biases: bool
    num_layers: int
    dropout: float
    train: bool
    bidirectional: bool
    batch_first: bool

    @property
    def plain(self) -> bool:
        """Whether neither packed sequences, nor projections, nor dropout are in it."""
        group = 4 if self.has_biases else 2
        whole = isinstance(self.has_biases, bool) and not (self.train and self.dropout)
        return whole and len(self.params) == self.num_layers * (1 + self.bidirectional) * group

    def layers(self, name: str) -> Iterator[Layer]:
        """Layer by layer, and within a layer forwards first."""
        group = 4 if self.has_biases else 2
        hidden = self.hx if isinstance(self.hx, list | tuple) else [self.hx]
        for number, states in enumerate(zip(*(state.unbind() for state in hidden), strict=True)):
            yield Layer(name, self.params[number * group : (number + 1) * group], states)

    def answer(self, name: str) -> tuple[Tensor, ...]:
        """The hidden states of the last layer at all times, and all states at the end."""
        layers, ends = self.layers(name), []
        value = self.input.transpose(0, 1) if self.batch_first else self.input
        for _ in range(self.num_layers):
            passed = [
                next(layers).run(value, backwards) for backwards in (False, True)[: 1 + self.bidirectional]
            ]
            value = torch.cat([hidden for hidden, _ in passed], -1) if self.bidirectional else passed[0][0]
            ends += [end for _, end in passed]
        final = [torch.stack(states) for states in zip(*ends, strict=True)]
        return value.transpose(0, 1) if self.batch_first else value, *final


def written_out(name: str, unrolled: Callable[..., Any]) -> Callable[..., Any]:
    """torch.lstm and its like by `seqattr::name`; what that has no form of is `unrolled` over time."""

    def recurrent(*args: Any, **kwargs: Any) -> Any:
        call = Call(*args, **kwargs)
        return call.answer(name) if call.plain else unrolled(*args, **kwargs)

    return recurrent
