"""Convolutions as products on tensor cores without laying anything out: each tile gathers what it multiplies.

Values have their channels last in memory. What goes before and after is done on the way: a factor for the
activations, the bias, relu with its slopes from other values, and what is added.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from seqattr.engine.numerics import fused
from seqattr.engine.numerics.gpu.available import is_interpreted
from seqattr.engine.numerics.gpu.launch import Tile, blocks, channels_last, steps
from seqattr.errors import ModelError

PARTS = {"float32": 3, "bfloat16x3": 2}  # of each number, by the name of how products are taken
OUTPUTS_TOGETHER = 8  # with so few outputs, those of several positions are worked out together
TAPS_TOGETHER = 4  # but not with fewer taps


# Compiled for compute capability 9.0, hardly one of them has more values than registers. All take as many of
# the inner dimension at a time, so that their sums are rounded alike, as are those of `in_parts`.
TILES = {
    16: (Tile(128, 16, 32, 4, 3), Tile(256, 16, 32, 8, 3)),
    32: (Tile(128, 32, 32, 4, 3),),
    64: (Tile(128, 64, 32, 8, 3), Tile(64, 64, 32, 4, 4)),
    128: (Tile(128, 128, 32, 8, 3), Tile(64, 128, 32, 4, 3)),
    256: (Tile(128, 256, 32, 8, 3),),
}


def tiles_for(outputs: int) -> Iterator[Tile]:
    """Those that so many outputs fill, or fill twice."""
    width = min(max(2 ** math.ceil(math.log2(outputs)), min(TILES)), max(TILES))
    yield from TILES[width]
    if width > 64:
        yield from TILES[width // 2]


@dataclass(frozen=True)
class Around:
    """What is done beside a convolution of (N, channels, L) to (N, outputs, positions).

    `scales` (N, channels, L) multiply the activations; with `starts` (S, outputs, positions), each for N / S
    rows, the result goes through relu, with its slopes between both; `addends` (N, outputs, positions) are
    added in the end.
    """

    bias: Tensor | None = None
    scales: Tensor | None = None
    starts: Tensor | None = None
    addends: Tensor | None = None


class Convolved(NamedTuple):
    """Of a convolution (N, outputs, positions), and relu's slopes, where they were asked for."""

    values: Tensor
    slopes: Tensor | None = None


class ConvolutionAround(Protocol):
    """A convolution with all that is around it."""

    def __call__(self, values: Tensor, around: Around, /) -> Convolved: ...


def in_steps(convolve: Callable[[Tensor, Tensor | None], Tensor]) -> ConvolutionAround:
    """By a convolution that knows nothing of what is around it."""

    def run(values: Tensor, around: Around) -> Convolved:
        if around.scales is not None:
            values = values * around.scales
        return finished(convolve(values, around.bias), around)

    return run


def finished(values: Tensor, around: Around) -> Convolved:
    """What comes behind a convolution, step by step."""
    slopes = None
    if around.starts is not None:
        (slopes,) = by_sequence(lambda a, b: [fused.relu_secant(a, b)], around.starts, values)
        values = values.relu()
    return Convolved(values if around.addends is None else values + around.addends, slopes)


def by_sequence(function: Callable[..., Sequence[Tensor]], sequences: Tensor, *pairs: Tensor) -> list[Tensor]:
    """A function of each sequence's value and those of its pairs, element by element."""
    opened = (each.unflatten(0, (len(sequences), -1)) for each in pairs)
    return [made.flatten(0, 1) for made in function(sequences[:, None], *opened)]


@dataclass(frozen=True, eq=False)
class Products:
    """A convolution in one dimension: weight (outputs, channels, taps) of float32, neither grouped nor
    transposed, as products of so many parts of each number.
    """

    weight: Tensor
    stride: int
    padding: int
    dilation: int
    parts: int = 3

    def transposed(self) -> "Products | None":
        """The transpose as another convolution; None where it has strides or is padded too far."""
        padding = self.dilation * (self.weight.shape[2] - 1) - self.padding
        if self.stride > 1 or padding < 0:
            return None
        return replace(self, weight=self.weight.flip(2).transpose(0, 1), padding=padding)

    def magnitudes(self) -> "Products":
        """With |W| for W."""
        return replace(self, weight=self.weight.abs())

    def tiles(self) -> Iterator[Tile]:
        """Sizes of tiles that suit."""
        return tiles_for(self.together * len(self.weight))

    @property
    def together(self) -> int:
        """How many neighbouring positions are worked out as the outputs of one: of few outputs several."""
        outputs, _, taps = self.weight.shape
        few = outputs <= OUTPUTS_TOGETHER and self.stride == self.dilation == 1 and taps >= TAPS_TOGETHER
        return 2 * min(TILES) // outputs if few else 1

    @property
    def inner(self) -> int:
        """How many products a number of the result is the sum of."""
        return self.weight.shape[1] * (self.weight.shape[2] + self.together - 1)

    def positions(self, length: int) -> int:
        """How many there are of values so long; where they are too short, less than 1."""
        reach = self.dilation * (self.weight.shape[2] - 1)
        return (length + 2 * self.padding - reach - 1) // self.stride + 1

    def on(self, tile: Tile) -> ConvolutionAround:
        """With tiles of one size."""
        kernel = self._kernel(tile)
        if self.together == 1:
            return kernel

        def run(values: Tensor, around: Around) -> Convolved:
            bias = None if around.bias is None else around.bias.repeat(self.together)
            blocks = kernel(values, Around(bias, around.scales)).values.mT
            lines = blocks.reshape(len(blocks), -1, len(self.weight))
            return finished(lines[:, : self.positions(values.shape[2])].mT, around)

        return run

    def _kernel(self, tile: Tile) -> ConvolutionAround:
        """Of blocks of positions, with all that these have as outputs."""
        parts, outputs = self.in_parts(tile), self.together * len(self.weight)

        def run(values: Tensor, around: Around) -> Convolved:
            positions = math.ceil(self.positions(values.shape[2]) / self.together)
            shape = len(values), positions, outputs
            check_shapes(values, self.weight, around, (len(values), outputs, positions))
            made = [values.new_empty(shape) for _ in range(1 if around.starts is None else 2)]
            if made[0].numel():
                self._launch(tile, parts, channels_last(values), around, made)
            return Convolved(*(each.mT for each in made))

        return run

    def _launch(
        self, tile: Tile, parts: Tensor, values: Tensor, around: Around, made: Sequence[Tensor]
    ) -> None:
        rows, positions, outputs = made[0].shape
        results = made[0].mT
        scales, starts, addends = (
            results if t is None else channels_last(t) for t in (around.scales, around.starts, around.addends)
        )
        convolve()[(blocks(tile, rows * positions, outputs),)](
            values=values,
            scales=scales,
            weights=parts,
            bias=results if around.bias is None else around.bias,
            starts=starts,
            addends=addends,
            slopes=made[-1],
            results=results,
            **steps("", values),
            **steps("scale_", scales),
            **steps("start_", starts),
            **steps("addend_", addends),
            references=1 if around.starts is None else rows // len(starts),
            SCALED=around.scales is not None,
            BIASED=around.bias is not None,
            COMPARED=around.starts is not None,
            ADDED=around.addends is not None,
            **self.settings(tile, parts, values, (positions, outputs)),
        )

    def settings(
        self, tile: Tile, parts: Tensor, values: Tensor, result: tuple[int, int]
    ) -> dict[str, int | bool]:
        """What kernels on tiles have alike, by their parameters' names: of values (N, channels, length) and
        of a result of so many positions and outputs, both as blocks where several positions go together.
        """
        (rows, channels, length), (positions, outputs) = values.shape, result
        return {
            "channels": channels,
            "outputs": outputs,
            "padded_outputs": parts.shape[2],
            "part_size": parts.stride(0),
            "length": length,
            "positions": positions,
            "inner": self.inner,
            "stride": self.stride * self.together,
            "dilation": self.dilation,
            "padding": self.padding,
            "places": rows * positions,
            "PARTS": self.parts,
            "EMULATED": is_interpreted(),
            "BLOCK_M": tile.positions,
            "BLOCK_N": tile.outputs,
            "BLOCK_K": tile.inner,
            "BY_CHANNELS": channels % tile.inner == 0,
            "num_warps": tile.warps,
            "num_stages": tile.stages,
            "enable_fp_fusion": True,
        }

    def in_parts(self, tile: Tile) -> Tensor:
        """(parts, taps * channels, outputs) of bfloat16, with zeros up to whole tiles."""
        matrix = side_by_side(self.weight, self.together).permute(2, 1, 0).flatten(0, 1)
        more = [-size % whole for size, whole in zip(matrix.shape, (tile.inner, tile.outputs), strict=True)]
        rest, parts = torch.nn.functional.pad(matrix, (0, more[1], 0, more[0])), []
        for _ in range(self.parts):
            parts.append(rest.bfloat16())
            rest = rest - parts[-1].float()
        return torch.stack(parts)


def check_shapes(values: Tensor, weight: Tensor, around: Around, result: Sequence[int]) -> None:
    """At the door: the kernel looks at no bounds. Raises ModelError for what does not fit."""
    rows, channels, _ = values.shape
    fits = channels == weight.shape[1] and min(result[1:]) > 0
    fits &= around.scales is None or around.scales.shape == values.shape
    fits &= around.addends is None or around.addends.shape == torch.Size(result)
    starts = around.starts
    fits &= starts is None or (starts.shape[1:] == torch.Size(result[1:]) and rows % len(starts) == 0)
    if not fits:
        raise ModelError(
            f"a convolution with weights of the shape {tuple(weight.shape)} does not fit values of the shape "
            f"{tuple(values.shape)}: the sequences are too short for the model"
        )


def side_by_side(weight: Tensor, together: int) -> Tensor:
    """The weight (outputs, ..., taps) of a convolution whose outputs are those of neighbouring positions."""
    taps = weight.shape[-1]
    shifted = weight.new_zeros(together, *weight.shape[:-1], taps + together - 1)
    for shift, kernel in enumerate(shifted):
        kernel[..., shift : shift + taps] = weight
    return shifted.flatten(0, 1)


@cache
def convolve() -> Any:
    """The kernel; Triton is loaded where it serves alone."""
    from seqattr.engine.numerics.gpu.tensor_cores import convolve

    return convolve
