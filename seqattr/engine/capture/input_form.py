"""How a model wants its input, and the module that puts one-hot sequences so."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from seqattr.dna.alphabet import ALPHABET
from seqattr.engine.capture.calls import Call, Caller
from seqattr.engine.capture.input_layouts import USUAL, in_full, letters_of, order_of_dims
from seqattr.errors import InputError

LEAST_UNKNOWN, MOST_UNKNOWN = -1.0, 1.0


@dataclass(frozen=True)
class InputForm:
    """A layout, the order of the bases, what stands at an unknown base, the type, and the other inputs.

    `inputs` are held constant, by the name of a parameter of the model's forward, its number, or the key of
    a dict: each a tensor, a number, or a text such as zeros(2,L); "sequence" says which one is explained.
    `unknown` is in each channel of a base that is not known. `dtype` is None where sequences go in as the
    weights are.
    """

    layout: str = USUAL
    channels: str = ALPHABET
    unknown: float = 0.0
    inputs: Mapping[str, Any] = field(default_factory=dict)
    dtype: torch.dtype | None = None

    @property
    def is_plain(self) -> bool:
        return self == InputForm()


def check_module(module: object, example: object) -> None:
    """Raises InputError for what is no module of torch, and for an example that is no tensor or array."""
    if isinstance(module, str | Path):
        raise InputError(f"'{module}' is a path, no module: seqattr.load_model('{module}') reads a model")
    if not isinstance(module, nn.Module):
        raise InputError(f"a torch module is wanted, not {type(module).__name__}")
    if not isinstance(example, Tensor | np.ndarray):
        kind = type(example).__name__
        raise InputError(f"the example input is a tensor, such as torch.zeros(2, 4, 1000), and not {kind}")


def check_unknown(unknown: float) -> None:
    """Raises InputError for what no model wants at an unknown base."""
    if not LEAST_UNKNOWN <= unknown <= MOST_UNKNOWN:
        raise InputError(
            f"`unknown` is what stands at an unknown base, from -1 to 1 as in 0.25, not {unknown:g}"
        )


class InputAdapter(nn.Module):
    """Feeds (N, 4, L) sequences in ACGT order to a model that wants another form, or other inputs too."""

    def __init__(self, module: nn.Module, form: InputForm, call: Call) -> None:
        super().__init__()
        self.caller, self.form = Caller(module, call), form
        letters = letters_of(form.layout)
        order = [letters.index(base) for base in in_full(form.channels, form.layout)]
        self.order: Tensor | None
        self.register_buffer("order", None if order == sorted(order) else torch.tensor(order))

    def forward(self, sequences: Tensor) -> Any:
        cast = as_type(sequences, self.form.dtype)
        return self.caller(self.laid_out(cast), cast if cast.is_floating_point() else sequences)

    def laid_out(self, sequences: Tensor) -> Tensor:
        """(N, 4, L) as the model wants it."""
        layout = self.form.layout
        sequences = self.with_unknown(sequences)
        if self.order is not None:
            sequences = sequences.index_select(1, self.order)
        dims = order_of_dims(layout)
        if dims != sorted(dims):
            sequences = sequences.permute(dims)
        for dim, letter in enumerate(layout):
            if letter == "1":
                sequences = sequences.unsqueeze(dim)
        return sequences

    def with_unknown(self, sequences: Tensor) -> Tensor:
        """What stands at unknown bases, in the four channels and in one of their own."""
        if not self.form.unknown and "5" not in self.form.layout:
            return sequences
        unknown = 1 - sequences.sum(1, keepdim=True)
        if self.form.unknown:
            sequences = sequences + self.form.unknown * unknown
        return torch.cat([sequences, unknown], 1) if "5" in self.form.layout else sequences


def as_type(sequences: Tensor, dtype: torch.dtype | None) -> Tensor:
    """In another type, which holds them exactly. Raises ValueError where it does not, as for frequencies.

    In a graph `without_casts` makes it one to floats: what is between whole numbers goes in as it is.
    """
    if dtype is None or torch.compiler.is_compiling() or sequences.is_meta:
        return sequences if dtype is None else sequences.to(dtype)
    cast = sequences.to(dtype)
    if not torch.equal(cast.to(sequences.dtype), sequences):
        raise ValueError(f"the model takes {dtype}, which holds whole numbers only")
    return cast


def adapt(module: nn.Module, form: InputForm, call: Call) -> nn.Module:
    """The module as one that takes (N, 4, L) in ACGT order, and nothing else."""
    return module if form.is_plain and call.is_plain else InputAdapter(module, form, call)
