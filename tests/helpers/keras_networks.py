"""Keras models in the files that Keras 2 and 3 write, with random weights."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import torch

from seqattr.models.sources.keras_models import keras_on_torch

LENGTH = 40


def keras_package() -> Any:
    """Keras 3 on its torch backend, as our reader has it."""
    return keras_on_torch(Path("model.keras"))


def shuffled(model: Any, seed: int = 0) -> Any:
    """The same with random weights: those of norms and biases too, which begin as zeros and ones."""
    rng = np.random.default_rng(seed)
    for variable in model.weights:
        spread = rng.normal(0, 0.4, tuple(variable.shape))
        variable.assign(np.abs(spread) + 0.5 if "variance" in variable.path else spread)
    return model


def own_answers(model: Any, sequences: torch.Tensor) -> list[np.ndarray]:
    """What Keras answers to sequences (N, 4, L), which it takes with the channels last."""
    keras = keras_package()
    with keras.device("cpu"), torch.no_grad():
        answers = model(sequences.transpose(1, 2), training=False)
    many = answers if isinstance(answers, list | tuple) else [answers]
    return [answer.detach().numpy() for answer in many]


def old_entry(kind: str, name: str, config: Mapping[str, Any], *inputs: Any) -> dict[str, Any]:
    """A layer of a functional model as Keras 2 wrote it; `inputs` are names, or lists of them."""
    calls = [[[one, 0, 0, {}] for one in (call if isinstance(call, list) else [call])] for call in inputs]
    return {"class_name": kind, "name": name, "inbound_nodes": calls, "config": {"name": name, **config}}


def old_input(name: str, *shape: int) -> dict[str, Any]:
    """An input of Keras 2."""
    config = {"batch_input_shape": [None, *shape], "dtype": "float32", "sparse": False, "ragged": False}
    return old_entry("InputLayer", name, config)


def old_functional(
    name: str, layers: list[dict[str, Any]], inputs: list[str], outputs: list[Any]
) -> dict[str, Any]:
    """A functional model of Keras 2; `outputs` are names, or [name, call, tensor]."""
    ends = [one if isinstance(one, list) else [one, 0, 0] for one in outputs]
    config = {
        "name": name,
        "layers": layers,
        "input_layers": [[one, 0, 0] for one in inputs],
        "output_layers": ends,
    }
    return {"class_name": "Functional", "config": config}


def write_old_h5(
    path: Path,
    config: Mapping[str, Any] | None,
    weights: Mapping[str, Mapping[str, np.ndarray]],
    version: str = "2.8.0",
) -> Path:
    """An .h5 as Keras 2 wrote it: `weights` by layers and paths such as conv/kernel:0."""
    with h5py.File(path, "w") as file:
        group = file
        if config is not None:
            file.attrs["model_config"] = json.dumps(config).encode()
            file.attrs["keras_version"], file.attrs["backend"] = version, "tensorflow"
            group = file.create_group("model_weights")
        group.attrs["keras_version"], group.attrs["backend"] = version.encode(), b"tensorflow"
        group.attrs["layer_names"] = [name.encode() for name in weights]
        for name, arrays in weights.items():
            inside = group.create_group(name)
            inside.attrs["weight_names"] = [name.encode() for name in arrays]
            for array_path, array in arrays.items():
                inside[array_path] = array.astype(np.float32)
    return path


def old_weights(model: Any) -> dict[str, dict[str, np.ndarray]]:
    """The weights of a Keras 3 model by layers and the paths of Keras 2."""
    return {
        layer.name: {
            f"{layer.name}/{weight.name}:0": weight.numpy()
            for weight in (*layer.trainable_weights, *layer.non_trainable_weights)
        }
        for layer in model.layers
    }
