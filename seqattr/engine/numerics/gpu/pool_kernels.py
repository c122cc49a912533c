# mypy: disable-error-code=no-untyped-def
"""Max pools on a GPU: which elements of a window count, and what comes back to each element.

A window, or an element, is numbered by its row (i, j), its lane within the row (mostly a channel) and where
in the line it stands. A program has a square of lanes and places; whichever lie side by side in memory are
its columns. Where UNIT is above 1, lanes lie without a gap, and their number and all other strides are
counted in UNITs.
"""

import triton
import triton.language as tl

from seqattr.engine.numerics.gpu.expressions import ratio

SIDE = 32  # of the square


@triton.jit
def across(numbers, LAST: tl.constexpr):
    """As columns of the square, or as its rows."""
    return numbers[None, :] if LAST else numbers[:, None]


@triton.jit
def square(lanes, places, LANES_LAST: tl.constexpr, SIDE: tl.constexpr):
    """The row of this program, its lanes and places as they broadcast together."""
    lane_blocks, place_blocks = tl.cdiv(lanes, SIDE), tl.cdiv(places, SIDE)
    program, numbers = tl.program_id(0), tl.arange(0, SIDE)
    lane = (program % lane_blocks) * SIDE + numbers
    place = (program // lane_blocks % place_blocks) * SIDE + numbers
    row = program // lane_blocks // place_blocks
    return row, across(lane, LANES_LAST), across(place, not LANES_LAST)


@triton.jit
def lane_offsets(row, second, lane, s0, s1, s2, UNIT: tl.constexpr):
    """Where in a tensor the lines of a row begin."""
    start = (row // second).to(tl.int64) * s0 + (row % second).to(tl.int64) * s1
    return start * UNIT + (lane if UNIT > 1 else lane.to(tl.int64) * s2)


@triton.jit
def along(place, step, UNIT: tl.constexpr):
    """How far places of a line are from its start."""
    return (place.to(tl.int64) * step) * UNIT


STRIDES = [f"{tensor}{run}" for tensor in "abomk" for run in range(4)]
SIZES = ["second", "lanes", "windows", "length", "size", "stride", "padding", "dilation", "covering"]


@triton.jit(do_not_specialize=[*SIZES, *STRIDES])
def largest(
    a, b, to_a, to_b, at_a, at_b,
    second, lanes, windows, length, size, stride, padding, dilation,
    a0, a1, a2, a3, b0, b1, b2, b3, o0, o1, o2, o3,
    UNIT: tl.constexpr, LANES_LAST: tl.constexpr, SIDE: tl.constexpr,
):  # fmt: skip
    """For each window the first of the largest on either side: which tap it is, and what its multiplier is
    worth to it, as `nonlinear.largest` has it.
    """
    lanes = lanes * UNIT
    row, lane, window = square(lanes, windows, LANES_LAST, SIDE)
    inside = (lane < lanes) & (window < windows)
    of_a = a + lane_offsets(row, second, lane, a0, a1, a2, UNIT)
    of_b = b + lane_offsets(row, second, lane, b0, b1, b2, UNIT)
    low, zero = float("-inf"), tl.zeros([SIDE, SIDE], a.dtype.element_ty)
    top_a, top_b, over_a, over_b = zero + low, zero + low, zero, zero
    tap_a = tl.full([SIDE, SIDE], -1, tl.int32)
    tap_b = tl.full([SIDE, SIDE], -1, tl.int32)
    for tap in range(size):
        place = window * stride - padding + tap * dilation
        there = inside & (place >= 0) & (place < length)
        x = tl.load(of_a + along(place, a3, UNIT), mask=there, other=low)
        y = tl.load(of_b + along(place, b3, UNIT), mask=there, other=low)
        more_a = (x > top_a) | (there & (tap_a < 0))
        more_b = (y > top_b) | (there & (tap_b < 0))
        over_a, over_b = tl.where(more_a, y, over_a), tl.where(more_b, x, over_b)
        top_a, top_b = tl.where(more_a, x, top_a), tl.where(more_b, y, top_b)
        tap_a, tap_b = tl.where(more_a, tap, tap_a), tl.where(more_b, tap, tap_b)
    cross, alike = tl.where(top_a > top_b, top_a, top_b), tl.where(tap_a == tap_b, 0.5, 0.0)
    gap_a, gap_b = top_a - over_a, over_b - top_b
    worth_a = ratio(cross - top_b, tl.where(gap_a == 0, 1.0, gap_a))
    worth_b = ratio(top_a - cross, tl.where(gap_b == 0, 1.0, gap_b))
    offsets = lane_offsets(row, second, lane, o0, o1, o2, UNIT) + along(window, o3, UNIT)
    tl.store(to_a + offsets, tl.where(gap_a == 0, alike, worth_a), mask=inside)
    tl.store(to_b + offsets, tl.where(gap_b == 0, alike, worth_b), mask=inside)
    tl.store(at_a + offsets, tap_a.to(at_a.dtype.element_ty), mask=inside)
    tl.store(at_b + offsets, tap_b.to(at_b.dtype.element_ty), mask=inside)


@triton.jit(do_not_specialize=[*SIZES, *STRIDES])
def to_largest(
    back, multiplier, to_a, to_b, at_a, at_b,
    second, lanes, windows, length, size, stride, padding, dilation, covering,
    o0, o1, o2, o3, m0, m1, m2, m3, k0, k1, k2, k3,
    UNIT: tl.constexpr, MULTIPLIERS: tl.constexpr, LANES_LAST: tl.constexpr, SIDE: tl.constexpr,
):  # fmt: skip
    """What each element gets from the windows over it, `covering` at most; the multiplier has a UNIT of its
    own.
    """
    lanes = lanes * UNIT
    row, lane, place = square(lanes, length, LANES_LAST, SIDE)
    inside = (lane < lanes) & (place < length)
    of_m = lane_offsets(row, second, lane, m0, m1, m2, MULTIPLIERS)
    kept = lane_offsets(row, second, lane, k0, k1, k2, UNIT)
    total, reach = tl.zeros([SIDE, SIDE], back.dtype.element_ty), place + padding
    for number in range(covering):
        window = reach // stride - number
        offset = reach - window * stride
        tap = offset // dilation
        there = inside & (window >= 0) & (window < windows) & (tap < size) & (tap * dilation == offset)
        here = kept + along(window, k3, UNIT)
        m = tl.load(multiplier + of_m + along(window, m3, MULTIPLIERS), mask=there, other=0.0)
        is_a = there & (tl.load(at_a + here, mask=there, other=0) == tap)
        is_b = there & (tl.load(at_b + here, mask=there, other=0) == tap)
        total += tl.where(is_a, m * tl.load(to_a + here, mask=there, other=0.0), 0.0)
        total += tl.where(is_b, m * tl.load(to_b + here, mask=there, other=0.0), 0.0)
    offsets = lane_offsets(row, second, lane, o0, o1, o2, UNIT) + along(place, o3, UNIT)
    tl.store(back + offsets, total, mask=inside)
