"""Convolutions of float32 by oneDNN with channels last, as torch's own compiler calls them.

torch's public call arranges the weights anew each time. Where torch lacks the others, it is what remains.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from seqattr.errors import ModelError

ops = torch.ops.mkldnn
NAMES = ("_reorder_convolution_weight", "_convolution_pointwise")
ARRANGES = torch.backends.mkldnn.is_available() and all(hasattr(ops, name) for name in NAMES)

# A convolution of channels-last values, with a bias or none.
Convolver = Callable[[Tensor, Tensor | None], Tensor]


class Prepared:
    """A convolution (outputs, inputs / groups, height, width) of channels-last values in two dimensions.

    Its weights never change, so that a copy shares them.
    """

    def __init__(
        self,
        weight: Tensor,
        padding: Sequence[int] = (0, 0),
        stride: Sequence[int] = (1, 1),
        dilation: Sequence[int] = (1, 1),
        groups: int = 1,
    ) -> None:
        self.weight = channels_last(weight)
        self.geometry = list(padding), list(stride), list(dilation), groups

    def __call__(self, value: Tensor, bias: Tensor | None = None) -> Tensor:
        weight = self.weight
        if not ARRANGES:
            return torch.mkldnn_convolution(value, weight, bias, *self.geometry)
        if weight.layout is torch.strided:
            self.weight = weight = ops._reorder_convolution_weight(weight, *self.geometry, list(value.shape))
        result: Tensor = ops._convolution_pointwise(value, weight, bias, *self.geometry, "none", [], None)
        return result

    def __deepcopy__(self, memo: Any) -> "Prepared":
        return self


def positions(value: Tensor, inputs: int, taps: int, padding: int) -> int:
    """How many positions a convolution has of values (N, inputs, 1, L).

    Raises ModelError for values of other shapes, and where there are none: loops that look at no bounds
    follow.
    """
    number = value.shape[3] + 2 * padding - taps + 1
    if number < 1 or value.shape[1] != inputs:
        raise ModelError(
            f"a convolution of {taps} positions of {inputs} channels does not fit values of the shape "
            f"{tuple(value.squeeze(2).shape)}: the sequences are too short for the model"
        )
    return number


def channels_last(value: Tensor) -> Tensor:
    return value.contiguous(memory_format=torch.channels_last)
