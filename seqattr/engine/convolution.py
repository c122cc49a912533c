"""Convolutions with constant weights, forward and transposed, each in the form that is fastest.

On a CPU, float32 runs through oneDNN with channels last: a third faster than in torch's own order, and
wherever torch would choose its own loops for a small batch, several times. PERFORMANCE.md has the figures.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from seqattr.engine import fused

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
# With so few outputs a convolution is a matrix product of its input and all its taps, and their sum.
NARROW = 8
LEAST_TAPS = 4  # fewer are as fast without


class Geometry(NamedTuple):
    """How a convolution goes over its input, one number for each spatial dimension."""

    stride: Sequence[int]
    padding: Sequence[int]
    dilation: Sequence[int]
    transposed: bool
    output_padding: Sequence[int]
    groups: int


def geometry_of(op: str, rest: Sequence[Any], dims: int) -> Geometry:
    """The geometry in a step's arguments after the bias."""
    given = list(rest)
    if op == "aten.convolution.default":
        return Geometry(*given)
    transposed = "transpose" in op
    defaults: list[Any] = [1, 0, 0, 1, 1] if transposed else [1, 0, 1, 1]
    given += defaults[len(given) :]
    if transposed:
        stride, padding, output_padding, groups, dilation = given
    else:
        stride, padding, dilation, groups = given
        output_padding = 0
    stride, padding, dilation, output_padding = (
        [v] * dims if isinstance(v, int) else list(v) * (dims // len(v))
        for v in (stride, padding, dilation, output_padding)
    )
    return Geometry(stride, padding, dilation, transposed, output_padding, groups)


class Convolution(Protocol):
    """A convolution as a linear function of its activation."""

    def forward(self, activation: Tensor, bias: Tensor | None = None) -> Tensor:
        """W x, plus the bias."""

    def transposed(self, multiplier: Tensor, shape: Sequence[int]) -> Tensor:
        """W^T m, for activations of this shape."""


def convolution(weight: Tensor, geometry: Geometry) -> Convolution:
    """The form that suits weight, geometry and device."""
    suits = weight.device.type == "cpu" and weight.dtype == torch.float32 and weight.ndim in (3, 4)
    if suits and torch.backends.mkldnn.is_available() and not geometry.transposed and geometry.groups == 1:
        return ChannelsLast(weight, geometry)
    return Plain(weight, geometry)


class Plain:
    """Any convolution, as torch runs it: dilated, strided, grouped or itself transposed."""

    def __init__(self, weight: Tensor, geometry: Geometry) -> None:
        self.weight, self.geometry = weight, geometry

    def forward(self, activation: Tensor, bias: Tensor | None = None) -> Tensor:
        result: Tensor = aten.convolution.default(activation, self.weight, bias, *self.geometry)
        return result

    def transposed(self, multiplier: Tensor, shape: Sequence[int]) -> Tensor:
        return input_gradient(multiplier, self.weight, self.geometry, shape)


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

    def __init__(self, weight: Tensor, geometry: Geometry) -> None:
        self.lifted = weight.ndim == 3
        if self.lifted:
            weight = weight.unsqueeze(2)
            geometry = geometry._replace(
                stride=[1, *geometry.stride],
                padding=[0, *geometry.padding],
                dilation=[1, *geometry.dilation],
                output_padding=[0, *geometry.output_padding],
            )
        self.weight, self.geometry = channels_last(weight), geometry
        self.straight = correlation(weight, geometry)
        self.back = turned(weight, geometry)

    def forward(self, activation: Tensor, bias: Tensor | None = None) -> Tensor:
        value = self.straight(self.lift(activation), bias)
        return value.squeeze(2) if self.lifted else value

    def transposed(self, multiplier: Tensor, shape: Sequence[int]) -> Tensor:
        m = self.lift(multiplier)
        if self.back is not None:
            value = self.back(m, None)
        else:
            full = (*shape[:2], 1, *shape[2:]) if self.lifted else shape
            value = input_gradient(m, self.weight, self.geometry, full)
        return value.squeeze(2) if self.lifted else value

    def lift(self, value: Tensor) -> Tensor:
        return channels_last(value.unsqueeze(2) if self.lifted else value)


def channels_last(value: Tensor) -> Tensor:
    return value.contiguous(memory_format=torch.channels_last)


Run = Callable[[Tensor, Tensor | None], Tensor]


def turned(weight: Tensor, geometry: Geometry) -> Run | None:
    """The transpose of a convolution as another one; None where it has strides or is padded too far."""
    reach = [d * (k - 1) for d, k in zip(geometry.dilation, weight.shape[2:], strict=True)]
    padding = [r - p for r, p in zip(reach, geometry.padding, strict=True)]
    if max(geometry.stride) > 1 or min(padding) < 0:
        return None
    return correlation(weight.flip(2, 3).transpose(0, 1), geometry._replace(padding=padding))


def correlation(weight: Tensor, geometry: Geometry) -> Run:
    """A convolution (outputs, inputs, height, width) of channels-last values."""
    flat = weight.shape[2] == 1 and geometry.padding[0] == 0 and max(geometry.stride) == 1
    if flat and fused.AVAILABLE and weight.shape[0] <= NARROW and weight.shape[3] >= LEAST_TAPS:
        return narrow(weight, geometry.padding[1], geometry.dilation[1])
    return wide(weight, geometry)


def wide(weight: Tensor, geometry: Geometry) -> Run:
    weight, (stride, padding, dilation) = channels_last(weight), geometry[:3]
    return lambda value, bias: torch.mkldnn_convolution(value, weight, bias, padding, stride, dilation, 1)


def narrow(weight: Tensor, padding: int, dilation: int) -> Run:
    """With few outputs: each tap's product with each position, added where it belongs.

    The taps are turned round, so that what a position gives lies in the order of where it goes.
    """
    outputs, inputs, _, taps = weight.shape
    first = padding - dilation * (taps - 1)
    every_tap = channels_last(weight[:, :, 0].flip(2).permute(2, 0, 1).reshape(-1, inputs, 1, 1))

    def run(value: Tensor, bias: Tensor | None) -> Tensor:
        terms = torch.mkldnn_convolution(value, every_tap, None, (0, 0), (1, 1), (1, 1), 1)
        rows, height = terms.shape[0], terms.shape[2]
        terms = terms.permute(0, 2, 3, 1).flatten(0, 1)  # (N * height, L, taps * outputs)
        length = terms.shape[1] + 2 * padding - dilation * (taps - 1)
        total = terms.new_zeros(len(terms), length, outputs)
        if bias is not None:
            total += bias
        fused.add_overlapping(terms, total, first, dilation)
        return total.view(rows, height, length, outputs).permute(0, 3, 1, 2)

    return run
