"""The model itself, and what it answers."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from seqattr.engine.capture.answers import named_tensors
from seqattr.engine.capture.export import evaluating
from seqattr.engine.graph.source_lines import first_line
from seqattr.engine.numerics.device import full_precision
from seqattr.errors import ModelError


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
        raise OwnFailure(f"the model fails on an input of shape {shape}: {first_line(error)}") from error
