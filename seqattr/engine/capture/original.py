"""The model itself, and what it answers."""

import re
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from seqattr.engine.capture.answers import named_tensors
from seqattr.engine.capture.export import evaluating
from seqattr.engine.graph.source_lines import first_line
from seqattr.engine.numerics.device import full_precision
from seqattr.errors import ModelError

# What a model's own failure comes to, by what is said.
CURES = {
    "argument #1 'indices' to have": "; it takes the bases' numbers for an embedding: wrap it in a module "
    "whose forward takes the sequences and multiplies them with the weight of the embedding",
    r"values to unpack \(expected": "; where it takes its inputs in a list, the others are given by their "
    "numbers, as in `inputs=1=zeros`",
}


class OwnFailure(ModelError):
    """The model itself fails on an input."""


@dataclass(frozen=True)
class Original:
    """The model itself, which of its outputs count, and the coarsest type that it computes in."""

    module: nn.Module
    outputs: tuple[int, ...]
    rounding: torch.dtype

    def answer(self, sequences: Tensor) -> list[Tensor]:
        """Its outputs. Raises OwnFailure."""
        tensors = named_tensors(own_answer(self.module, sequences))
        return [tensors[number][1].detach() for number in self.outputs]


def own_answer(module: nn.Module, sequences: Tensor) -> Any:
    """What the module answers with, whatever that is. Raises OwnFailure where it fails."""
    try:
        with evaluating(module), torch.no_grad(), full_precision():
            return module(sequences.clone())  # on which it may write
    except Exception as error:
        shape = tuple(sequences.shape)
        cure = next((cure for words, cure in CURES.items() if re.search(words, str(error))), "")
        raise OwnFailure(
            f"the model fails on an input of shape {shape}: {first_line(error)}{cure}"
        ) from error
