"""A Keras model as a module of PyTorch: the package on its torch backend, and the input that is DNA."""

import contextlib
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from seqattr.engine.capture.input_layouts import INPUT_LAYOUTS, example_shape
from seqattr.errors import ModelError
from seqattr.models.geometry import LONGEST, Foreign, ReadModule
from seqattr.models.sources.keras_config import Shape

PIP = 'pip install "seqattr[keras]"'
DNA = ("sequence", "sequences", "seq", "dna", "dna_sequence", "onehot")  # as that input is called
LIKELY = ("NL4", "NL5", *INPUT_LAYOUTS)  # channels come last in Keras


def keras_on_torch(path: Path) -> Any:
    """The package, on its torch backend. Raises ModelError where it is missing, or on another."""
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = "torch"
    try:
        import keras
    except ImportError as error:
        raise ModelError(f"{path} is a Keras model: reading it needs Keras 3 ({PIP})") from error
    if not keras.__version__.startswith("3."):
        raise ModelError(
            f"{path} is a Keras model: reading it needs Keras 3 ({PIP}), not {keras.__version__}"
        )
    if keras.backend.backend() != "torch":
        raise ModelError(
            f"{path} is a Keras model, and Keras was imported with the backend {keras.backend.backend()}: "
            "set the environment variable KERAS_BACKEND=torch before it is"
        )
    return keras


@contextlib.contextmanager
def on_cpu() -> Iterator[None]:
    """Keras puts tensors on a GPU where there is one; a model that is captured is on the CPU."""
    import keras

    with keras.device("cpu"):
        yield


def cause_of(error: Exception) -> str:
    """What went wrong, in a line: Keras says first where."""
    lines = [re.sub(r"\x1b\[\d*m", "", line).strip() for line in str(error).splitlines()]
    told = [line for line in lines if line and not line.startswith("Exception encountered when calling")]
    return told[0] if told else type(error).__name__


class KerasModel(nn.Module):
    """A Keras model as a module: of the sequences alone, or of a table of all its `inputs` by their names.

    Answers with its outputs by their names.
    """

    def __init__(self, model: Any, sequence: str, outputs: list[str]) -> None:
        super().__init__()
        self.model, self.sequence, self.outputs = without_seeds(model), sequence, outputs
        self.inputs = list(model.inputs)

    def forward(self, sequences: Tensor | Mapping[str, Tensor]) -> dict[str, Tensor]:
        given = sequences if isinstance(sequences, Mapping) else {self.sequence: sequences}
        tensors = [given[tensor.name] for tensor in self.inputs]
        try:
            with on_cpu():
                answer = self.model(tensors if len(tensors) > 1 else tensors[0], training=False)
        except Exception as error:  # Keras raises anything
            raise RuntimeError(cause_of(error)) from error
        values = answer if isinstance(answer, list | tuple) else [answer]
        return dict(zip(self.outputs, values, strict=True))


def without_seeds(model: Any) -> Any:
    """A model without the state of its random numbers, which Keras has among the parameters."""
    for module in model.modules():
        if isinstance(module, nn.ParameterDict):
            for name in [name for name, value in module.items() if not value.is_floating_point()]:
                del module[name]
    return model


class Inference(nn.Module):
    """A model of the user's own class, as it predicts."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = without_seeds(model)

    def forward(self, *inputs: Tensor) -> Any:
        with on_cpu():
            return self.model(*inputs, training=False)


def as_module(model: Any, outputs: list[str], foreign: Foreign, notes: tuple[str, ...] = ()) -> ReadModule:
    """A functional model, with what it tells of its input.

    Raises ModelError where it takes more than the sequence, for which no values are given.
    """
    shapes = {tensor.name: tuple(tensor.shape) for tensor in model.inputs}
    sequence, layout, length = dna_among(shapes)
    if length is not None and length > LONGEST:
        raise ModelError(f"its input is {length:,} bp long, more than {LONGEST:,}")
    open_ = {name: shape[1:] for name, shape in shapes.items() if name not in (sequence, *foreign.inputs)}
    if open_:
        listed = ", ".join(f"{name} {shape}" for name, shape in open_.items())
        example = " ".join(f"`Foreign.inputs={name}=zeros`" for name in open_)
        raise ModelError(f"beside {sequence} it takes {listed}: hold them constant, as by {example}")
    return ReadModule(KerasModel(model, sequence, outputs), notes, Foreign(length=length, layout=layout))


def of_function(model: Any, fill: Callable[[Any], None], foreign: Foreign) -> ReadModule:
    """A model that the user's own function built, with the file's weights.

    Raises ModelError where it is none of Keras, or its shapes are open until it has seen a sequence.
    """
    if not hasattr(model, "load_weights"):
        raise ModelError(f"`Foreign.arch={foreign.arch}` gave a {type(model).__name__}, not a Keras model")
    if not model.built:
        if foreign.length is None:
            raise ModelError("its input length must be given (`Foreign.length=L`) to build its layers")
        model(torch.zeros(example_shape(foreign.layout, foreign.length)), training=False)
    fill(model)
    if not getattr(model, "inputs", None):
        return ReadModule(Inference(model))
    outputs = getattr(model, "output_names", None) or [model.layers[-1].name]
    return as_module(model, list(outputs), foreign)


def dna_among(shapes: Mapping[str, Shape]) -> tuple[str, str, int | None]:
    """The input that looks like DNA, its layout, and its length, None where that is free.

    Of several the one that is called so, or the first. Raises ModelError where there is none.
    """
    layouts = {
        name: next((x for x in LIKELY if has_layout(shape, x)), None) for name, shape in shapes.items()
    }
    possible = {name: layout for name, layout in layouts.items() if layout}
    if not possible:
        listed = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise ModelError(f"none of its inputs has 4 or 5 channels and a length: {listed}")
    name = next((name for name in possible if name.lower() in DNA), next(iter(possible)))
    layout = possible[name]
    return name, layout, shapes[name][layout.index("L")]


def has_layout(shape: Shape, layout: str) -> bool:
    """Whether the shape of an input, batch first, is that of a layout."""
    wanted = {"N": None, "1": 1, "4": 4, "5": 5}
    pairs = zip(layout[1:], shape[1:], strict=False)
    return len(shape) == len(layout) and all(
        letter == "L" or wanted[letter] == size for letter, size in pairs
    )
