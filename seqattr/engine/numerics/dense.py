"""Dense layers: on rows, with a number for each input, summed in float64 where a GPU does that as quickly.

Of a convolutional net they are next to nothing of the arithmetic, and half of what float32 rounds away, as
hundreds of numbers are added up one after the other. PERFORMANCE.md has the figures.
"""

from functools import cache

import torch
from torch import Tensor

# Compute capabilities with half as many units for float64 as for float32; others have a 32nd or less.
FULL_RATE = {(6, 0), (7, 0), (8, 0), (9, 0), (10, 0)}


def forward(values: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """W x + b for values (..., inputs) and a weight (outputs, inputs)."""
    if not sums_longer(values):
        return torch.nn.functional.linear(values, weight, bias)
    long = None if bias is None else bias.double()
    return torch.nn.functional.linear(values.double(), weight.double(), long).to(values.dtype)


def transpose(multipliers: Tensor, weight: Tensor) -> Tensor:
    """W^T m for multipliers (..., outputs)."""
    if not sums_longer(multipliers):
        return multipliers @ weight
    return (multipliers.double() @ weight.double()).to(multipliers.dtype)


def sums_longer(values: Tensor) -> bool:
    """Whether their products are summed in float64: of rows of float32, unless fewer bits are asked for."""
    rows = values.ndim == 2 and values.dtype == torch.float32 and values.device.type == "cuda"
    return rows and not torch.backends.cuda.matmul.allow_tf32 and has_full_rate(values.device)


@cache
def has_full_rate(device: torch.device) -> bool:
    return torch.cuda.get_device_capability(device) in FULL_RATE
