"""LSTM and GRU layers of Keras as torch's own, which are one step of a graph, and not ten for each position.

The same numbers: gates of an LSTM have the same order (input, forget, cell, output), those of a GRU another
(Keras: update, reset, new; torch: reset, update, new), and torch resets after the product, as Keras 3 does.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

GATES = {"LSTM": (0, 1, 2, 3), "GRU": (1, 0, 2)}  # Keras' place of each of torch's gates
INNER = ("forward_layer", "backward_layer", "layer")


def use_torch(model: Any, keras: Any) -> None:
    """Has torch compute those layers of a model, with its weights, that torch has."""
    for layer in layers_in(model):
        kind = type(layer).__name__
        if kind in GATES and isinstance(layer, getattr(keras.layers, kind)) and is_torchs(layer, keras):
            object.__setattr__(layer, "call", call_of(twin(layer, kind), layer, layer.call))


def layers_in(layer: Any) -> Iterator[Any]:
    """A layer and all that are in it."""
    yield layer
    parts = [getattr(layer, name, None) for name in INNER]
    for part in (*getattr(layer, "layers", ()), *(part for part in parts if part is not None)):
        yield from layers_in(part)


def is_torchs(layer: Any, keras: Any) -> bool:
    """Whether torch has it: with the usual functions, no state that is given back or kept."""
    usual = (keras.activations.tanh, keras.activations.sigmoid)
    same = (layer.cell.activation, layer.cell.recurrent_activation) == usual
    return same and getattr(layer, "reset_after", True) and not (layer.return_state or layer.stateful)


def twin(layer: Any, kind: str) -> nn.RNNBase:
    """Torch's layer with the weights of a Keras layer."""
    kernel, recurrent, *rest = (weight.detach().numpy() for weight in map(torch_of, layer.cell.weights))
    made: nn.RNNBase = getattr(nn, kind)(len(kernel), layer.units, batch_first=True)
    biases = np.zeros((2, kernel.shape[1]), kernel.dtype)
    if rest:
        biases[: rest[0].size // kernel.shape[1]] = rest[0].reshape(-1, kernel.shape[1])
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    arrays = (kernel.T, recurrent.T, *biases)
    made.load_state_dict({n: in_torchs_order(a, kind) for n, a in zip(names, arrays, strict=True)})
    return made.requires_grad_(False).eval()


def torch_of(variable: Any) -> Tensor:
    """The numbers of a Keras variable."""
    return variable.value


def in_torchs_order(array: np.ndarray, kind: str) -> Tensor:
    """An array whose first dimension is that of the gates, with these in torch's order."""
    gates = np.split(array, len(GATES[kind]))
    return torch.tensor(np.concatenate([gates[place] for place in GATES[kind]]))


def call_of(made: nn.RNNBase, layer: Any, usual: Callable[..., Any]) -> Callable[..., Any]:
    """The layer's call by its twin; as it was where a mask or an initial state is given."""

    def call(sequences: Any, initial_state: Any = None, mask: Any = None, training: bool = False) -> Any:
        if mask is not None or initial_state is not None:
            return usual(sequences, initial_state=initial_state, mask=mask, training=training)
        states, _ = made(sequences.flip(1) if layer.go_backwards else sequences)
        return states if layer.return_sequences else states[:, -1]

    return call
