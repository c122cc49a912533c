"""Recurrent layers: the ops that walk through time, and layers and directions written out in them.

`seqattr::lstm` and its like take what the input gives to the gates at all times, W x + b, (T, N, gates * H),
and walk through time; they answer with the states after each time step, (T, N, states * H). What is around
them, the input's weights, layers and directions, is written out in ordinary ops. What they do at one time
step is a graph of its own (`graph.recurrent`).
"""

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor


class Sizes(NamedTuple):
    """How many states a cell has, and how many gates, of H hidden units each."""

    states: int
    gates: int


CELLS = {"lstm": Sizes(2, 4), "gru": Sizes(1, 3), "rnn_tanh": Sizes(1, 1), "rnn_relu": Sizes(1, 1)}
RECURRENT = {f"seqattr.{name}.default": name for name in CELLS}  # the cell of each op


def check_shapes(name: str, given: Tensor, weight: Tensor, bias: Tensor | None, *states: Tensor) -> None:
    """Raises ValueError unless one number of hidden units, and one of rows, makes sense of all."""
    cell = CELLS[name]
    wide, size = weight.shape if weight.ndim == 2 else (0, 0)
    times, rows, width = given.shape if given.ndim == 3 else (0, 0, 0)
    fits = wide == width == cell.gates * size and times > 0
    fits = fits and all(state.shape == (rows, size) for state in states) and len(states) == cell.states
    if not fits or (bias is not None and bias.shape != (wide,)):
        shapes = [tuple(value.shape) for value in (given, weight, bias, *states) if value is not None]
        raise ValueError(f"a recurrent step cannot be made of tensors of the shapes {shapes}")


def like_states(name: str, given: Tensor, weight: Tensor, bias: Tensor | None, *states: Tensor) -> Tensor:
    """An empty tensor of the shape of the states after each time step."""
    return given.new_empty(given.shape[0], given.shape[1], len(states) * weight.shape[1])


LIBRARY = torch.library.Library("seqattr", "FRAGMENT")
for _name, _cell in CELLS.items():
    _states = ", ".join(f"Tensor state{number}" for number in range(_cell.states))
    LIBRARY.define(f"{_name}(Tensor given, Tensor weight, Tensor? bias, {_states}) -> Tensor")
    torch.library.register_fake(
        f"seqattr::{_name}", functools.partial(like_states, _name), lib=LIBRARY, allow_override=True
    )


# --- layers and directions -------------------------------------------------------------------------


class Layer(NamedTuple):
    """One layer in one direction: its weights, and its states before the first time step, (N, H) each."""

    name: str
    weights: Sequence[Tensor]
    states: Sequence[Tensor]

    def run(self, value: Tensor, backwards: bool) -> tuple[Tensor, list[Tensor]]:
        """(T, N, features) -> the hidden state at each time, (T, N, H), and all states at the end."""
        of_input, of_state, *biases = self.weights
        input_bias, state_bias = biases or (None, None)
        given = torch.nn.functional.linear(value, of_input, input_bias)
        op = getattr(torch.ops.seqattr, self.name).default
        after = op(given.flip(0) if backwards else given, of_state, state_bias, *self.states)
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
