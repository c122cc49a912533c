"""A convolution and relu behind it by RevealCancel, each way in one kernel."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import torch
from torch import Tensor

from seqattr.engine.numerics import fused
from seqattr.engine.numerics.gpu.implicit import Products, by_sequence
from seqattr.engine.numerics.gpu.launch import Tile, blocks, channels_last, steps
from seqattr.errors import ModelError

# With two totals each; compiled for compute capability 9.0, hardly one has more values than registers.
TILES = {
    16: (Tile(128, 16, 32, 8, 3),),
    32: (Tile(128, 32, 32, 8, 3),),
    64: (Tile(64, 64, 32, 8, 3), Tile(128, 64, 32, 8, 3)),
}


def tiles_for(outputs: int) -> Iterator[Tile]:
    """Those that so many outputs fill."""
    yield from TILES[next((width for width in TILES if width >= outputs), max(TILES))]


class Pairs(NamedTuple):
    """What a convolution is given, of the references (S * R, channels, L) and of the sequences (S, ...)."""

    references: Tensor
    sequences: Tensor


class Slopes(NamedTuple):
    """Of relu, for the positive and the negative part of each difference: their sum and their gap."""

    sums: Tensor
    gaps: Tensor


class ConvolvedInParts(NamedTuple):
    """Relu's values for the references, and its slopes."""

    values: Tensor
    slopes: Slopes


@dataclass(frozen=True)
class Ahead:
    """What goes into the way forward beside the pairs: what the sequences have there (S, outputs, positions),
    the bias, and what is added after relu.
    """

    starts: Tensor
    bias: Tensor | None = None
    addends: Tensor | None = None


Forward = Callable[[Pairs, Ahead], ConvolvedInParts]
Back = Callable[[Tensor, Slopes, Pairs, Tensor | None], Tensor]  # multipliers, and what is added in the end
Plain = Callable[[Tensor, Tensor | None], Tensor]  # a convolution with a bias, or its transpose without


def forward_in_steps(straight: Plain, magnitude: Plain) -> Forward:
    """By convolutions with W and |W| that know nothing of what is around them."""

    def run(pairs: Pairs, ahead: Ahead) -> ConvolvedInParts:
        values = straight(pairs.references, ahead.bias)
        _, sizes = by_sequence(fused.difference_and_size, pairs.sequences, pairs.references)
        spread = magnitude(sizes, None)
        parts = by_sequence(fused.parts_about, ahead.starts, values, spread)
        up, down = by_sequence(fused.relu_in_both_orders, ahead.starts, values, *parts)
        values = values.relu()
        if ahead.addends is not None:
            values = values + ahead.addends
        return ConvolvedInParts(values, Slopes(*fused.sum_and_difference(up, down)))

    return run


def back_in_steps(straight: Plain, magnitude: Plain) -> Back:
    """By transposes of the same."""

    def run(multipliers: Tensor, slopes: Slopes, pairs: Pairs, addends: Tensor | None) -> Tensor:
        total, gap = (
            each(multipliers * s, None) for each, s in zip((straight, magnitude), slopes, strict=True)
        )
        (difference,) = by_sequence(lambda x, r: [x - r], pairs.sequences, pairs.references)
        result = fused.join_by_sign(total, gap, difference)
        return result if addends is None else result + addends

    return run


def forward_on(products: Products, tile: Tile) -> Forward:
    """With tiles of a size; not of outputs so few that several positions are worked out together."""
    assert products.together == 1
    weights, magnitudes = products.in_parts(tile), products.magnitudes().in_parts(tile)

    def run(pairs: Pairs, ahead: Ahead) -> ConvolvedInParts:
        values, sequences = map(channels_last, pairs)
        rows, _, length = values.shape
        outputs, positions = len(products.weight), products.positions(length)
        check(pairs, ahead.starts, (outputs, positions), ahead.addends)
        made = [values.new_empty(rows, positions, outputs).mT for _ in range(3)]
        starts = channels_last(ahead.starts)
        results, sums, gaps = made
        addends = results if ahead.addends is None else channels_last(ahead.addends)
        kernels().forward[(blocks(tile, rows * positions, outputs),)](
            values=values,
            sequences=sequences,
            weights=weights,
            magnitudes=magnitudes,
            bias=results if ahead.bias is None else ahead.bias,
            starts=starts,
            addends=addends,
            sums=sums,
            gaps=gaps,
            results=results,
            **steps("", values),
            **steps("sequence_", sequences),
            **steps("start_", starts),
            **steps("addend_", addends),
            references=rows // len(sequences),
            BIASED=ahead.bias is not None,
            ADDED=ahead.addends is not None,
            **products.settings(tile, weights, values, (positions, outputs)),
        )
        return ConvolvedInParts(results, Slopes(sums, gaps))

    return run


def back_on(products: Products, tile: Tile) -> Back:
    """With tiles of a size, by the transposed convolution's products."""
    weights, magnitudes = products.in_parts(tile), products.magnitudes().in_parts(tile)
    together = products.together
    lying = channels_last if together == 1 else without_gaps

    def run(multipliers: Tensor, slopes: Slopes, pairs: Pairs, addends: Tensor | None) -> Tensor:
        multipliers = channels_last(multipliers)
        values, sequences = map(lying, pairs)
        sums, gaps = map(channels_last, slopes)
        rows, _, length = multipliers.shape
        outputs, full = len(products.weight), products.positions(length)
        check(pairs, sequences, (outputs, full), addends)
        positions = math.ceil(full / together)
        made = values.new_empty(rows, positions * together, outputs).mT
        added = made if addends is None else lying(addends)
        wide = outputs * together
        kernels().back[(blocks(tile, rows * positions, wide),)](
            multipliers=multipliers,
            sums=sums,
            gaps=gaps,
            weights=weights,
            magnitudes=magnitudes,
            sequences=sequences,
            values=values,
            addends=added,
            results=made,
            **steps("", multipliers),
            **steps("slope_", sums),
            **steps("sequence_", sequences, together),
            **steps("value_", values, together),
            **steps("addend_", added, together),
            references=rows // len(sequences),
            ends=full * outputs,
            ADDED=addends is not None,
            **products.settings(tile, weights, multipliers, (positions, wide)),
        )
        return made[..., :full]

    return run


def without_gaps(values: Tensor) -> Tensor:
    """Values (N, channels, L) in whose memory positions follow each other, too, as blocks of them do."""
    lines = values.mT
    return values if lines[:1].is_contiguous() else lines.contiguous().mT


def check(pairs: Pairs, of_sequences: Tensor, shape: Sequence[int], of_pairs: Tensor | None) -> None:
    """At the door: the kernels look at no bounds. Raises ModelError for what does not fit."""
    rows, number = len(pairs.references), len(pairs.sequences)
    fits = pairs.references.shape[1:] == pairs.sequences.shape[1:] and rows % number == 0 and min(shape) > 0
    fits &= of_sequences.shape == torch.Size((number, *shape))
    fits &= of_pairs is None or of_pairs.shape == torch.Size((rows, *shape))
    if not fits:
        raise ModelError(
            f"values of the shape {tuple(pairs.references.shape)} do not fit the model's convolution: the "
            "sequences are too short for it"
        )


class Kernels(NamedTuple):
    forward: Any
    back: Any


@cache
def kernels() -> Kernels:
    """Triton is loaded where it serves alone."""
    from seqattr.engine.numerics.gpu.tensor_cores_in_parts import back, forward

    return Kernels(forward, back)
