# mypy: disable-error-code=no-untyped-def
"""A convolution and relu behind it by RevealCancel, forward and back, on a GPU's tensor cores.

Both go through their values once, with two totals: of the weights W, and of their magnitudes |W|
(Shrikumar et al. 2017, sections 3.5.1 and 3.5.3).
"""

import triton
import triton.language as tl

from seqattr.engine.numerics.gpu.expressions import above, join_by_sign, parts_about, relu_in_both_orders
from seqattr.engine.numerics.gpu.tensor_cores import ANY, beside, covered, products, tile_of


@triton.jit
def store_slopes(sums, gaps, end, start, spread, mask):
    """Of relu, for the parts of what lies between start and end."""
    positive, negative = parts_about(end, start, spread)
    up, down = relu_in_both_orders(end, start, positive, negative)
    tl.store(sums, up + down, mask=mask)
    tl.store(gaps, up - down, mask=mask)


@triton.jit(do_not_specialize=ANY)
def forward(
    values, sequences, weights, magnitudes, bias, starts, addends, sums, gaps, results,
    row_step, step, sequence_row_step, sequence_step, start_row_step, start_step,
    addend_row_step, addend_step, channels, outputs, padded_outputs, part_size, length, positions, inner,
    stride, dilation, padding, references, places,
    PARTS: tl.constexpr, EMULATED: tl.constexpr,
    BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr, BY_CHANNELS: tl.constexpr,
    BIASED: tl.constexpr, ADDED: tl.constexpr,
):  # fmt: skip
    """Of the references' values r: relu of W r, and the sum and the gap of relu's slopes for the positive and
    the negative part of the difference from W x, which is `starts`.
    """
    place, there, row, position, output = tile_of(outputs, positions, places, BLOCK_M, BLOCK_N)
    start = position * stride - padding
    total = tl.zeros((BLOCK_M, BLOCK_N), tl.float32)
    spread = tl.zeros((BLOCK_M, BLOCK_N), tl.float32)
    for block in range(tl.cdiv(inner, BLOCK_K)):
        value = covered(
            values, row_step, step, row, start, there, block, channels, inner, length, dilation,
            BLOCK_K, BY_CHANNELS,
        )  # fmt: skip
        sequence = covered(
            sequences, sequence_row_step, sequence_step, row // references, start, there, block, channels,
            inner, length, dilation, BLOCK_K, BY_CHANNELS,
        )  # fmt: skip
        number = block * BLOCK_K + tl.arange(0, BLOCK_K)
        weight = number[:, None] * padded_outputs + output[None, :]
        total = products(total, value, weights + weight, part_size, PARTS, EMULATED)
        size = tl.abs(sequence - value)
        spread = products(spread, size, magnitudes + weight, part_size, PARTS, EMULATED)
    if BIASED:
        total += tl.load(bias + output, mask=output < outputs, other=0.0)[None, :]
    mask = there[:, None] & (output < outputs)[None, :]
    end = beside(starts, row // references, start_row_step, position, start_step, output, mask)
    at = (place.to(tl.int64) * outputs)[:, None] + output[None, :]
    store_slopes(sums + at, gaps + at, end, total, spread, mask)
    total = above(total)
    if ADDED:
        total += beside(addends, row, addend_row_step, position, addend_step, output, mask)
    tl.store(results + at, total, mask=mask)


@triton.jit(do_not_specialize=ANY)
def back(
    multipliers, sums, gaps, weights, magnitudes, sequences, values, addends, results,
    row_step, step, slope_row_step, slope_step, sequence_row_step, sequence_step,
    value_row_step, value_step, addend_row_step, addend_step,
    channels, outputs, padded_outputs, part_size, length, positions, inner,
    stride, dilation, padding, references, places, ends, PARTS: tl.constexpr, EMULATED: tl.constexpr,
    BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr,
    BY_CHANNELS: tl.constexpr, ADDED: tl.constexpr,
):  # fmt: skip
    """(W^T m sum + sign(x - r) |W|^T m gap) / 2 of relu's multipliers m; a row has `ends` numbers."""
    place, there, row, position, output = tile_of(outputs, positions, places, BLOCK_M, BLOCK_N)
    start = position * stride - padding
    straight = tl.zeros((BLOCK_M, BLOCK_N), tl.float32)
    slant = tl.zeros((BLOCK_M, BLOCK_N), tl.float32)
    for block in range(tl.cdiv(inner, BLOCK_K)):
        multiplier = covered(
            multipliers, row_step, step, row, start, there, block, channels, inner, length, dilation,
            BLOCK_K, BY_CHANNELS,
        )  # fmt: skip
        number = block * BLOCK_K + tl.arange(0, BLOCK_K)
        weight = number[:, None] * padded_outputs + output[None, :]
        slope = covered(
            sums, slope_row_step, slope_step, row, start, there, block, channels, inner, length, dilation,
            BLOCK_K, BY_CHANNELS,
        )  # fmt: skip
        straight = products(straight, multiplier * slope, weights + weight, part_size, PARTS, EMULATED)
        slope = covered(
            gaps, slope_row_step, slope_step, row, start, there, block, channels, inner, length, dilation,
            BLOCK_K, BY_CHANNELS,
        )  # fmt: skip
        slant = products(slant, multiplier * slope, magnitudes + weight, part_size, PARTS, EMULATED)
    mask = there[:, None] & (output < outputs)[None, :]
    inside = mask & (position[:, None] * outputs + output[None, :] < ends)
    at = (place.to(tl.int64) * outputs)[:, None] + output[None, :]
    gap = beside(sequences, row // references, sequence_row_step, position, sequence_step, output, inside)
    gap -= beside(values, row, value_row_step, position, value_step, output, inside)
    result = join_by_sign(straight, slant, gap)
    if ADDED:
        result += beside(addends, row, addend_row_step, position, addend_step, output, inside)
    tl.store(results + at, result, mask=mask)
