"""The weights of a file, put into the layers of a Keras model.

A file has those of each layer of the outermost model, a model among them being one layer: matched by names
where they tell, and in their order (trainable ones first) where they do not, as Keras does.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from seqattr.errors import ModelError
from seqattr.models.sources.keras_hdf5 import Weights

CUDNN = {"CuDNNLSTM": 4, "CuDNNGRU": 3}  # and its gates


def assign(model: Any, weights: Weights) -> None:
    """Puts all weights into a model. Raises ModelError where it has others than the file."""
    layers = [layer for layer in model.layers if layer.weights]
    named = {layer.name for layer in layers} == set(weights)
    if not named and len(layers) != len(weights):
        names = (", ".join(sorted(names)[:4]) for names in ({layer.name for layer in layers}, set(weights)))
        raise ModelError("its config has weights in the layers {}, its arrays are of {}".format(*names))
    arrays = [weights[layer.name] for layer in layers] if named else list(weights.values())
    for layer, of_layer in zip(layers, arrays, strict=True):
        for variable, array in zip(*pairs(layer, of_layer), strict=True):
            put(layer.name, variable, array)


def pairs(layer: Any, arrays: Mapping[str, np.ndarray]) -> tuple[Sequence[Any], Sequence[np.ndarray]]:
    """The variables of a layer, and the array for each. Raises ModelError where there are other numbers."""
    wanted = [*layer.trainable_weights, *layer.non_trainable_weights]
    parts = [getattr(layer, name, layer) for name in ("forward_layer", "backward_layer")]
    kind = getattr(parts[0], "stored_as", "")
    if kind in CUDNN:
        arrays = from_cudnn(arrays, kind)
    if len(wanted) != len(arrays):
        raise ModelError(f"its layer {layer.name} has {len(wanted)} arrays of weights, not {len(arrays)}")
    keys = {key_of(variable.path): variable for variable in wanted}
    by_key = {key_of(path): array for path, array in arrays.items()}
    if len(keys) == len(by_key) == len(wanted) and set(keys) == set(by_key):
        return list(keys.values()), [by_key[key] for key in keys]
    return wanted, list(arrays.values())


def key_of(path: str) -> tuple[str, ...]:
    """What tells an array from others: its layer and its own name, without the number of the output."""
    return tuple(path.split(":")[0].split("/")[-2:])


def put(layer: str, variable: Any, array: np.ndarray) -> None:
    """One array. Raises ModelError where it has another shape."""
    if tuple(variable.shape) != array.shape:
        raise ModelError(
            f"the array {variable.name} of its layer {layer} has the shape {array.shape}, "
            f"and by its config {tuple(variable.shape)}"
        )
    variable.assign(array)


def from_cudnn(arrays: Mapping[str, np.ndarray], kind: str) -> dict[str, np.ndarray]:
    """The weights of a CuDNNLSTM or CuDNNGRU, or of two in opposite directions, as those of an LSTM or GRU.

    CuDNN stores each gate's matrix by its rows, and has two biases, of which an LSTM adds up both.
    """
    names, stored, plain = list(arrays), list(arrays.values()), []
    for kernel, recurrent, bias in zip(*[iter(stored)] * 3, strict=False):
        inputs, states = (np.split(matrix, CUDNN[kind], axis=1) for matrix in (kernel, recurrent))
        rows = [gate.T.reshape(gate.shape, order="F") for gate in inputs]
        biases = bias.reshape(2, -1)
        plain += [
            np.concatenate(rows, axis=1),
            np.concatenate([gate.T for gate in states], axis=1),
            biases.sum(0) if kind == "CuDNNLSTM" else biases,
        ]
    return dict(zip(names, plain, strict=True))
