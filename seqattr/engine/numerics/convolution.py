"""Convolutions with constant weights, forward and transposed, each in the form that is fastest.

On a CPU, float32 runs through oneDNN with channels last: a third faster than in torch's own order, and
wherever torch would choose its own loops for a small batch, several times. On a GPU, wide kernels are matrix
products. PERFORMANCE.md has the figures.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol

import torch
from torch import Tensor

from seqattr.engine.numerics import columns, spectral
from seqattr.engine.numerics.columns import Columns, is_depthwise
from seqattr.engine.numerics.device import FULL
from seqattr.engine.numerics.geometry import Geometry
from seqattr.engine.numerics.gpu.available import serves
from seqattr.engine.numerics.gpu.fastest import Measured
from seqattr.engine.numerics.gpu.implicit import PARTS, Products, side_by_side
from seqattr.engine.numerics.onednn import Convolver, Prepared, channels_last, positions
from seqattr.engine.numerics.workspace import POOL

aten = torch.ops.aten
# Weights as a rule may want them.
FORMS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "plain": lambda weight: weight,
    "magnitude": torch.abs,
    "positive": lambda weight: weight.clamp(min=0),
    "negative": lambda weight: weight.clamp(max=0),
    "square": torch.square,
    "ones": torch.ones_like,
}
LANES = 16  # of float32 in a vector
NARROW = 8  # with so few outputs, those of several positions are worked out together
LEFT_OVER = 4  # outputs beyond whole vectors that are worked out by themselves
LEAST_TAPS = 4  # fewer are as fast without
LEAST_WEIGHTS = 1024  # with fewer it is over before it is measured


class Convolution(Protocol):
    """A convolution as a linear function of its activation."""

    def forward(self, activation: Tensor, bias: Tensor | None = None) -> Tensor:
        """W x, plus the bias."""

    def transpose(self, multiplier: Tensor, shape: Sequence[int]) -> Tensor:
        """W^T m, for activations of this shape."""


def convolution(
    weight: Tensor, geometry: Geometry, by_spectra: Collection[str] = (), products: str = FULL
) -> Convolution:
    """The form that suits weight, geometry and device; `by_spectra` says whether "forward" and "back" may go
    through spectra, and `products`, one of PRODUCTS, how kernels of our own on a GPU multiply.
    """
    direct = of_torch(weight, geometry, by_spectra)
    if serves(weight) and products in PARTS and for_tensor_cores(weight, geometry):
        stride, padding, dilation = (each[0] for each in geometry[:3])
        return Measured(Products(weight, stride, padding, dilation, PARTS[products]), products, direct)
    return direct


def for_tensor_cores(weight: Tensor, geometry: Geometry) -> bool:
    """Whether kernels of our own take such a convolution, and it is large enough to be worth measuring."""
    plain = not geometry.transposed and geometry.groups == 1 and weight.ndim == 3
    return plain and weight.numel() >= LEAST_WEIGHTS


def of_torch(weight: Tensor, geometry: Geometry, by_spectra: Collection[str]) -> Convolution:
    """By libraries that torch brings: oneDNN, cuDNN, cuBLAS."""
    suits = weight.device.type == "cpu" and weight.dtype == torch.float32 and weight.ndim in (3, 4)
    if suits and torch.backends.mkldnn.is_available() and not geometry.transposed and geometry.groups == 1:
        return ChannelsLast(weight, geometry, by_spectra)
    return Columns(weight, geometry) if columns.suits(weight, geometry) else Plain(weight, geometry)


class Plain:
    """Any convolution, as torch runs it: dilated, strided, grouped or itself transposed."""

    def __init__(self, weight: Tensor, geometry: Geometry) -> None:
        self.weight, self.geometry = weight, geometry

    def forward(self, activation: Tensor, bias: Tensor | None = None) -> Tensor:
        result: Tensor = aten.convolution.default(self.laid(activation), self.weight, bias, *self.geometry)
        return result

    def transpose(self, multiplier: Tensor, shape: Sequence[int]) -> Tensor:
        return input_gradient(self.laid(multiplier), self.weight, self.geometry, shape)

    def laid(self, values: Tensor) -> Tensor:
        """In torch's own order where others would be cuDNN's."""
        return values.contiguous() if is_depthwise(self.weight, self.geometry) else values


def input_gradient(multiplier: Tensor, weight: Tensor, geometry: Geometry, shape: Sequence[int]) -> Tensor:
    """W^T m as torch's own backward pass has it."""
    placeholder = multiplier.new_empty(1).expand(shape)  # only its shape is read
    wanted = [True, False, False]
    result: Tensor = aten.convolution_backward(multiplier, placeholder, weight, None, *geometry, wanted)[0]
    return result


class ChannelsLast:
    """A convolution in one or two dimensions through oneDNN, its values in memory with channels last.

    In one dimension it is one of height 1. Transposed, it is again a convolution, with its weights
    turned round, unless it is strided.
    """

    def __init__(self, weight: Tensor, geometry: Geometry, by_spectra: Collection[str] = ()) -> None:
        self.lifted = weight.ndim == 3
        if self.lifted:
            weight = weight.unsqueeze(2)
            geometry = geometry._replace(
                stride=[1, *geometry.stride],
                padding=[0, *geometry.padding],
                dilation=[1, *geometry.dilation],
                output_padding=[0, *geometry.output_padding],
            )
        self.straight = correlation(weight, geometry, "forward" in by_spectra)
        self.back = transpose_of(weight, geometry, "back" in by_spectra)
        self.weight, self.geometry = weight if self.back else channels_last(weight), geometry

    def forward(self, activation: Tensor, bias: Tensor | None = None) -> Tensor:
        value = self.straight(self.lift(activation), bias)
        return value.squeeze(2) if self.lifted else value

    def transpose(self, multiplier: Tensor, shape: Sequence[int]) -> Tensor:
        m = self.lift(multiplier)
        if self.back is not None:
            value = self.back(m, None)
        else:
            full = (*shape[:2], 1, *shape[2:]) if self.lifted else shape
            value = input_gradient(m, self.weight, self.geometry, full)
        return value.squeeze(2) if self.lifted else value

    def lift(self, value: Tensor) -> Tensor:
        return channels_last(value.unsqueeze(2) if self.lifted else value)


def transpose_of(weight: Tensor, geometry: Geometry, by_spectra: bool) -> Convolver | None:
    """The transpose of a convolution as another one; None where it has strides or is padded too far."""
    reach = [d * (k - 1) for d, k in zip(geometry.dilation, weight.shape[2:], strict=True)]
    padding = [r - p for r, p in zip(reach, geometry.padding, strict=True)]
    if max(geometry.stride) > 1 or min(padding) < 0:
        return None
    return correlation(weight.flip(2, 3).transpose(0, 1), geometry._replace(padding=padding), by_spectra)


def correlation(weight: Tensor, geometry: Geometry, by_spectra: bool = False) -> Convolver:
    """A convolution (outputs, inputs, height, width) of channels-last values, in the quickest form."""
    height, taps = weight.shape[2:]
    simple = max(*geometry.stride, *geometry.dilation) == height == 1 and geometry.padding[0] == 0
    if not simple or taps < LEAST_TAPS:
        return Prepared(weight, geometry.padding, geometry.stride, geometry.dilation)
    return by_rows(in_one_dimension(weight, geometry.padding[1], by_spectra))


def in_one_dimension(weight: Tensor, padding: int, by_spectra: bool) -> Convolver:
    """The quickest form for values (N, inputs, 1, L)."""
    outputs, inputs, _, taps = weight.shape
    if outputs <= NARROW:
        return narrow(weight, padding)
    beyond = 0 < outputs % LANES <= LEFT_OVER and min(inputs, outputs) >= LANES
    direct = split(weight, padding) if beyond else Prepared(weight, (0, padding))
    if by_spectra and spectral.pays(outputs, inputs, taps):
        return spectral.where_many(direct, weight, padding)
    return direct


def by_rows(run: Convolver) -> Convolver:
    """For values (N, C, H, L), a convolution of (N, C, 1, L)."""

    def of_all(value: Tensor, bias: Tensor | None) -> Tensor:
        number, height = value.shape[0], value.shape[2]
        if height == 1:
            return run(value, bias)
        lines = value.permute(0, 2, 3, 1).flatten(0, 1).unsqueeze(1)
        result = run(lines.permute(0, 3, 1, 2), bias).permute(0, 2, 3, 1)
        return result.view(number, height, *result.shape[2:]).permute(0, 3, 1, 2)

    return of_all


def narrow(weight: Tensor, padding: int) -> Convolver:
    """With few outputs: those of several neighbouring positions at once, so that they fill a vector.

    They are the outputs of one convolution that strides over these positions, with a kernel for each.
    """
    outputs, inputs, _, taps = weight.shape
    together = 2 * LANES // outputs if taps >= 2 * LANES else min(LANES // outputs, LANES // 2)
    # Padding is that of both ends: with more, all is there, and what is too much at the first is cut off.
    more = together - 1
    every = Prepared(side_by_side(weight, together), (0, padding + more), (1, together))

    def run(value: Tensor, bias: Tensor | None) -> Tensor:
        length = positions(value, inputs, taps, padding)
        result = every(value, None if bias is None else bias.repeat(together))
        rows, _, _, blocks = result.shape
        result = result.permute(0, 2, 3, 1).reshape(rows, 1, blocks * together, outputs)
        return result[:, :, more : more + length].contiguous().permute(0, 3, 1, 2)

    return run


def split(weight: Tensor, padding: int) -> Convolver:
    """With a few outputs more than fill vectors: these by themselves, both copied into one value."""
    outputs = weight.shape[0]
    whole = outputs - outputs % LANES
    most, rest = Prepared(weight[:whole], (0, padding)), narrow(weight[whole:], padding)

    def run(value: Tensor, bias: Tensor | None) -> Tensor:
        parts = (
            most(value, bias if bias is None else bias[:whole]),
            rest(value, bias if bias is None else bias[whole:]),
        )
        rows, _, _, length = parts[0].shape
        made = POOL.take(rows * length * outputs, value.dtype).view(rows, 1, length, outputs)
        made = made.permute(0, 3, 1, 2)
        made[:, :whole], made[:, whole:] = parts
        return made

    return run
