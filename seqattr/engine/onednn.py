"""Convolutions of float32 by oneDNN with channels last, as torch's own compiler calls them.

torch's public call arranges the weights anew each time. Where torch lacks the others, it is what remains.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

ops = torch.ops.mkldnn
NAMES = ("_reorder_convolution_weight", "_convolution_pointwise", "_convolution_pointwise_")
ARRANGES = torch.backends.mkldnn.is_available() and all(hasattr(ops, name) for name in NAMES)


class Convolved:
    """A convolution (outputs, inputs / groups, height, width) of channels-last values in two dimensions."""

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
        if not ARRANGES:
            return torch.mkldnn_convolution(value, self.weight, bias, *self.geometry)
        weight = self._arranged(value)
        result: Tensor = ops._convolution_pointwise(value, weight, bias, *self.geometry, "none", [], None)
        return result

    def add(self, total: Tensor, value: Tensor, bias: Tensor | None = None) -> None:
        """total += the convolution; the total may be some of the channels of a larger value."""
        if ARRANGES:
            weight = self._arranged(value)
            ops._convolution_pointwise_.binary(
                total, value, weight, bias, *self.geometry, "add", 1.0, None, [], None
            )
        else:
            total += self(value, bias)

    def _arranged(self, value: Tensor) -> Tensor:
        """The weight as oneDNN wants it, arranged once."""
        if self.weight.layout is torch.strided:
            self.weight = ops._reorder_convolution_weight(self.weight, *self.geometry, list(value.shape))
        return self.weight


def channels_last(value: Tensor) -> Tensor:
    return value.contiguous(memory_format=torch.channels_last)
