"""Convolutions as matrix products with what each kernel covers, laid out as columns.

On a GPU cuDNN may take a Fourier algorithm for a wide kernel. It rounds windows of the same bases
differently, by where they lie, so that rounding decides which of two equal ones a max pool takes; and it
may be a hundred times slower. To ask torch for deterministic algorithms does not exclude it, as it gives
the same each time. A product sums alike at every position, so that cuDNN is given no wide kernel of
float32, forward or back, in one dimension or two. PERFORMANCE.md has the figures.
"""

from collections.abc import Sequence
from math import prod

import torch
from torch import Tensor, nn

from seqattr.engine.numerics.geometry import Geometry

WIDE = 5  # taps: with fewer, cuDNN takes a direct algorithm, which is quicker
FEW = 16  # channels with fewer are made by adding up what each tap gives
MOST_BYTES = 2**28  # of columns at once


def suits(weight: Tensor, geometry: Geometry) -> bool:
    """Whether cuDNN might take a Fourier algorithm for a weight (outputs, inputs, taps ...): of float32, on a
    GPU, wide, in one or two dimensions.
    """
    wide = weight.ndim in (3, 4) and prod(weight.shape[2:]) >= WIDE
    on_gpu = weight.device.type == "cuda" and weight.dtype == torch.float32
    return on_gpu and wide and not (is_depthwise(weight, geometry) or pads_much(geometry))


def is_depthwise(weight: Tensor, geometry: Geometry) -> bool:
    """Whether each channel has kernels of its own: torch has loops for these, unless channels lie last."""
    return geometry.groups > 1 and weight.shape[1] == 1 and not geometry.transposed


def pads_much(geometry: Geometry) -> bool:
    """Whether a transposed one adds as much as a stride to its output: that torch leaves to no library."""
    return any(p >= s for p, s in zip(geometry.output_padding, geometry.stride, strict=True))


class Columns:
    """A convolution by products, forward and back: with the columns of what goes in, or, where few channels
    come out, with the values themselves, what each tap gives being added up.
    """

    def __init__(self, weight: Tensor, geometry: Geometry) -> None:
        self.straight, self.turned = Product(weight, geometry), turned(weight, geometry)
        outputs, inputs = weight.shape[:2]
        self.gathers_forward = self.turned is None or outputs >= min(FEW, inputs)
        self.gathers_back = self.turned is not None and inputs >= min(FEW, outputs)

    def forward(self, activation: Tensor, bias: Tensor | None = None) -> Tensor:
        if self.turned is None or self.gathers_forward:
            result = self.straight(activation)
        else:
            result = self.turned.transpose(activation, self.straight.sizes(activation.shape[2:]))
        return result if bias is None else result.add_(bias.view(-1, *[1] * (result.ndim - 2)))

    def transpose(self, multiplier: Tensor, shape: Sequence[int]) -> Tensor:
        if self.turned is not None and self.gathers_back:
            return self.turned(multiplier)
        return self.straight.transpose(multiplier, shape[2:])


def turned(weight: Tensor, geometry: Geometry) -> "Product | None":
    """The transpose as another convolution; None where it is none, or has strides."""
    reach = geometry.reach(weight.shape[2:])
    padding = [r - p for r, p in zip(reach, geometry.padding, strict=True)]
    if geometry.transposed or geometry.groups > 1 or max(geometry.stride) > 1 or min(padding) < 0:
        return None
    back = weight.flip(list(range(2, weight.ndim))).transpose(0, 1)
    return Product(back, geometry._replace(padding=padding))


class Product:
    """A convolution with a weight (outputs, inputs / groups, taps ...), and its transpose, a few rows at a
    time, as columns take `taps` times the memory. Of a transposed one, forward is the transpose.
    """

    def __init__(self, weight: Tensor, geometry: Geometry) -> None:
        self.matrices = weight.flatten(1).unflatten(0, (geometry.groups, -1)).contiguous()
        self.taps, self.geometry = tuple(weight.shape[2:]), geometry

    def __call__(self, value: Tensor) -> Tensor:
        if self.geometry.transposed:
            return self.spread(value, self.sizes(value.shape[2:]))
        return self.gather(value)

    def transpose(self, multiplier: Tensor, sizes: Sequence[int]) -> Tensor:
        """For activations of these sizes."""
        return self.gather(multiplier) if self.geometry.transposed else self.spread(multiplier, sizes)

    def sizes(self, given: Sequence[int]) -> list[int]:
        """What comes out of values of these sizes."""
        reach, g = self.geometry.reach(self.taps), self.geometry
        each = zip(given, reach, g.stride, g.padding, g.output_padding, strict=True)
        if g.transposed:
            return [(n - 1) * s - 2 * p + r + 1 + more for n, r, s, p, more in each]
        return [(n + 2 * p - r - 1) // s + 1 for n, r, s, p, _ in each]

    def gather(self, value: Tensor) -> Tensor:
        """(N, inputs, sizes) -> (N, outputs, sizes): products with columns."""
        g = self.geometry._replace(transposed=False)
        pads = [p for padding in reversed(g.padding) for p in (padding, padding)]
        padded = nn.functional.pad(value, pads).contiguous()
        reach = g.reach(self.taps)
        sizes = [(n - r - 1) // s + 1 for n, r, s in zip(padded.shape[2:], reach, g.stride, strict=True)]
        groups, outputs, inner = self.matrices.shape
        result = value.new_empty(len(value), groups, outputs, prod(sizes))
        for made, part in zip(*self.in_pieces((result, padded), groups * inner * prod(sizes)), strict=True):
            columns = self.columns(part, sizes)
            for group, matrix in enumerate(self.matrices):
                torch.matmul(matrix, columns[:, group], out=made[:, group])
        return result.view(len(value), -1, *sizes)

    def columns(self, padded: Tensor, sizes: Sequence[int]) -> Tensor:
        """(N, groups, inputs / groups * taps, positions): what the kernel covers at each position."""
        row, channel, *steps = padded.stride()
        g = self.geometry
        strides = [d * step for d, step in zip(g.dilation, steps, strict=True)]
        strides += [s * step for s, step in zip(g.stride, steps, strict=True)]
        shape = *padded.shape[:2], *self.taps, *sizes
        every = padded.as_strided(shape, (row, channel, *strides), padded.storage_offset())
        return every.reshape(len(padded), len(self.matrices), -1, prod(sizes))

    def spread(self, value: Tensor, sizes: Sequence[int]) -> Tensor:
        """(N, outputs, ...) -> (N, inputs, sizes): what each position gives to those it was made of."""
        groups, outputs, inner = self.matrices.shape
        flat = value.reshape(len(value), groups, outputs, -1)
        (pieces,) = self.in_pieces((flat,), groups * inner * flat.shape[-1])
        result = [self.added_up(self.per_tap(piece), sizes) for piece in pieces]
        return torch.cat(result).view(len(value), -1, *sizes)

    def per_tap(self, value: Tensor) -> Tensor:
        """(N, inputs * taps, positions)"""
        each = [torch.matmul(matrix.mT, value[:, group]) for group, matrix in enumerate(self.matrices)]
        return each[0] if len(each) == 1 else torch.cat(each, 1)

    def added_up(self, per_tap: Tensor, sizes: Sequence[int]) -> Tensor:
        """(N, inputs, height, width)"""
        g, flat = self.geometry, len(self.taps) == 1
        lengths = (sizes, self.taps, g.dilation, g.padding, g.stride)
        fills = (1, 1, 1, 0, 1)
        two = [(fill, *some) if flat else tuple(some) for some, fill in zip(lengths, fills, strict=True)]
        result: Tensor = torch.ops.aten.col2im.default(per_tap, *two)
        return result

    def in_pieces(self, tensors: Sequence[Tensor], numbers: int) -> list[Sequence[Tensor]]:
        """Tensors cut alike into pieces of rows, where a row has columns of so many numbers."""
        rows = max(1, MOST_BYTES // max(1, numbers * tensors[0].element_size()))
        return [tensor.split(rows) for tensor in tensors]
