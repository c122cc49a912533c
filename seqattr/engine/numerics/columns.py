"""Convolutions as matrix products with what each kernel covers, laid out as columns.

On a GPU cuDNN may take a Fourier algorithm for a wide kernel. It rounds windows of the same bases
differently, by where they lie, so that rounding decides which of two equal ones a max pool takes; and it
may be a hundred times slower. A product sums alike at every position. PERFORMANCE.md has the figures.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

LEAST_TAPS = 5  # with fewer, cuDNN takes a direct algorithm, which is quicker
LEAST_CHANNELS = 16  # with fewer, as with the four of the bases, too
MOST_BYTES = 2**28  # of columns at once
Back = Callable[[Tensor, Sequence[int]], Tensor]


def suits(weight: Tensor) -> bool:
    """Whether cuDNN may take a Fourier algorithm for a weight (outputs, inputs, taps): wide, on a GPU."""
    wide = weight.ndim == 3 and weight.shape[2] >= LEAST_TAPS
    return weight.device.type == "cuda" and weight.dtype == torch.float32 and wide


def pays(weight: Tensor) -> bool:
    """Whether this is the quicker form of such a weight too, forward and back."""
    return min(weight.shape[:2]) >= LEAST_CHANNELS


class Columns:
    """A convolution in one dimension, neither strided nor grouped: weight (outputs, inputs, taps).

    Where that is not the quicker form, `back` is its transpose in another: nobody compares what comes back.
    """

    def __init__(self, weight: Tensor, padding: int, dilation: int, back: Back | None = None) -> None:
        self.straight = Product(weight, padding, dilation)
        reach = dilation * (weight.shape[2] - 1)
        self.back = back or by_product(weight.flip(2).transpose(0, 1), reach - padding, dilation)

    def forward(self, activation: Tensor, bias: Tensor | None = None) -> Tensor:
        return self.straight(activation, bias)

    def transpose(self, multiplier: Tensor, shape: Sequence[int]) -> Tensor:
        return self.back(multiplier, shape)


def by_product(weight: Tensor, padding: int, dilation: int) -> Back:
    """A product as what comes back of multipliers."""
    product = Product(weight, padding, dilation)
    return lambda multiplier, _: product(multiplier, None)


class Product:
    """W x for values (N, inputs, L), a few rows at a time, as their columns take `taps` times the memory."""

    def __init__(self, weight: Tensor, padding: int, dilation: int) -> None:
        self.matrix, self.taps = weight.flatten(1).contiguous(), weight.shape[2]
        self.padding, self.dilation = padding, dilation

    def __call__(self, value: Tensor, bias: Tensor | None) -> Tensor:
        padded = nn.functional.pad(value, (self.padding, self.padding)).contiguous()
        length = padded.shape[2] - self.dilation * (self.taps - 1)
        row_bytes = self.matrix.shape[1] * length * value.element_size()
        result = value.new_empty(value.shape[0], self.matrix.shape[0], length)
        for rows, part in zip(
            *(t.split(max(1, MOST_BYTES // row_bytes)) for t in (result, padded)), strict=True
        ):
            torch.matmul(self.matrix, self.columns(part, length), out=rows)
        return result if bias is None else result.add_(bias[:, None])

    def columns(self, padded: Tensor, length: int) -> Tensor:
        """(N, inputs * taps, length): what the kernel covers at each position."""
        row, channel, position = padded.stride()
        strides = row, channel, self.dilation * position, position
        shape = padded.shape[0], padded.shape[1], self.taps, length
        return padded.as_strided(shape, strides, padded.storage_offset()).reshape(shape[0], -1, length)
