# mypy: disable-error-code=no-untyped-def
"""A convolution as products of matrices on a GPU's tensor cores, of float32 numbers in parts.

Tensor cores multiply bfloat16 and add up in float32. A float32 number is the sum of three of bfloat16; the
product of two such sums, without what lies below float32's own rounding, is six products of parts (Henry,
Tang and Heinecke 2019, "Leveraging the bfloat16 artificial intelligence datatype for higher-precision
computations"). With two parts and three products it is right to 16 bits. Activations fall into parts in
registers, weights once for all beforehand. Of an infinite number parts are none: the result is NaN.
"""

import triton
import triton.language as tl

from seqattr.engine.numerics.gpu.expressions import above, relu_secant


@triton.jit
def rounded(value, EMULATED: tl.constexpr):
    """The nearest number of bfloat16: the first part of a value."""
    part = value.to(tl.bfloat16)
    if EMULATED:
        part = part.to(tl.float32)
    return part


@triton.jit
def added(total, part, weight, EMULATED: tl.constexpr):
    """The total and a product of parts; the interpreter's knows no bfloat16, and gets the same as float32."""
    if EMULATED:
        total = tl.dot(part, weight.to(tl.float32), total, input_precision="ieee")
    else:
        total = tl.dot(part, weight, total)
    return total


@triton.jit
def products(total, value, weights, part_size, PARTS: tl.constexpr, EMULATED: tl.constexpr):
    """The total and value @ weight, the smallest products first; the weight's parts lie `part_size` apart."""
    high = rounded(value, EMULATED)
    rest = value - high.to(tl.float32)
    middle = rounded(rest, EMULATED)
    weight_high, weight_middle = tl.load(weights), tl.load(weights + part_size)
    if PARTS == 3:
        low = rounded(rest - middle.to(tl.float32), EMULATED)
        weight_low = tl.load(weights + 2 * part_size)
        total = added(total, low, weight_high, EMULATED)
        total = added(total, high, weight_low, EMULATED)
        total = added(total, middle, weight_middle, EMULATED)
    total = added(total, middle, weight_high, EMULATED)
    total = added(total, high, weight_middle, EMULATED)
    return added(total, high, weight_high, EMULATED)


@triton.jit
def tile_of(outputs, positions, places, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr):
    """A program's places, which are positions of rows: which are there, their rows and positions; outputs."""
    tiles = tl.cdiv(outputs, BLOCK_N)
    tile = tl.program_id(0)
    place = (tile // tiles) * BLOCK_M + tl.arange(0, BLOCK_M)
    output = (tile % tiles) * BLOCK_N + tl.arange(0, BLOCK_N)
    return place, place < places, (place // positions).to(tl.int64), place % positions, output


@triton.jit
def beside(memory, row, row_step, position, step, output, mask):
    """What lies beside the tile's numbers in values of the same positions and outputs."""
    at = (row * row_step + position * step)[:, None] + output[None, :]
    return tl.load(memory + at, mask=mask, other=0.0)


@triton.jit
def covered(
    memory, row_step, step, row, start, there, block, channels, inner, length, dilation,
    BLOCK_K: tl.constexpr, BY_CHANNELS: tl.constexpr,
):  # fmt: skip
    """What the kernel covers at some places, as of one block of its inner dimension: all channels of a tap,
    then all of the next. Zeros beyond the ends. BY_CHANNELS: no block has more than one tap.
    """
    if BY_CHANNELS:
        tap = block * BLOCK_K // channels
        channel = block * BLOCK_K - tap * channels + tl.arange(0, BLOCK_K)
        position = start + tap * dilation
        inside = (there & (position >= 0) & (position < length))[:, None]
        at = (row * row_step + position * step)[:, None] + channel[None, :]
    else:
        number = block * BLOCK_K + tl.arange(0, BLOCK_K)
        tap = number // channels
        channel = number - tap * channels
        position = start[:, None] + (tap * dilation)[None, :]
        inside = there[:, None] & (position >= 0) & (position < length) & (number < inner)[None, :]
        at = (row * row_step)[:, None] + position * step + channel[None, :]
    return tl.load(memory + at, mask=inside, other=0.0)


# Compiled once for all values of these.
ANY = ["length", "positions", "inner", "stride", "dilation", "padding", "references", "places"]


@triton.jit(do_not_specialize=ANY)
def convolve(
    values, scales, weights, bias, starts, addends, slopes, results,
    row_step, step, scale_row_step, scale_step, start_row_step, start_step, addend_row_step, addend_step,
    channels, outputs, padded_outputs, part_size, length, positions, inner,
    stride, dilation, padding, references, places,
    PARTS: tl.constexpr, EMULATED: tl.constexpr,
    BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr, BY_CHANNELS: tl.constexpr,
    SCALED: tl.constexpr, BIASED: tl.constexpr, COMPARED: tl.constexpr, ADDED: tl.constexpr,
):  # fmt: skip
    """What `implicit.Products` says, a tile for each program."""
    place, there, row, position, output = tile_of(outputs, positions, places, BLOCK_M, BLOCK_N)
    start = position * stride - padding
    total = tl.zeros((BLOCK_M, BLOCK_N), tl.float32)
    for block in range(tl.cdiv(inner, BLOCK_K)):
        value = covered(
            values, row_step, step, row, start, there, block, channels, inner, length, dilation,
            BLOCK_K, BY_CHANNELS,
        )  # fmt: skip
        if SCALED:
            value *= covered(
                scales, scale_row_step, scale_step, row, start, there, block, channels, inner, length,
                dilation, BLOCK_K, BY_CHANNELS,
            )  # fmt: skip
        number = block * BLOCK_K + tl.arange(0, BLOCK_K)
        weight = weights + number[:, None] * padded_outputs + output[None, :]
        total = products(total, value, weight, part_size, PARTS, EMULATED)
    if BIASED:
        total += tl.load(bias + output, mask=output < outputs, other=0.0)[None, :]
    mask = there[:, None] & (output < outputs)[None, :]
    at = (place.to(tl.int64) * outputs)[:, None] + output[None, :]
    if COMPARED:
        compared = beside(starts, row // references, start_row_step, position, start_step, output, mask)
        tl.store(slopes + at, relu_secant(compared, total), mask=mask)
        total = above(total)
    if ADDED:
        total += beside(addends, row, addend_row_step, position, addend_step, output, mask)
    tl.store(results + at, total, mask=mask)
