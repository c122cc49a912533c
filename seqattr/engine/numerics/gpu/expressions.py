# mypy: disable-error-code=no-untyped-def
"""The expressions of `fused.one_pass` for a GPU, and the kernel that goes over values with one of them.

It is compiled for each expression and type, and one form of it serves nearly all tensors: rows of memory
that all of them run through without a gap, in pieces of several numbers. Names and arithmetic are those of
`fused` and `kernels`.
"""

import triton
import triton.language as tl

RUNS = 4  # dimensions that it goes over


@triton.jit
def above(x):
    return tl.where(x < 0, 0.0, x)


@triton.jit
def below(x):
    return tl.where(x > 0, 0.0, x)


@triton.jit
def ratio(a, b):
    """Rounded as torch rounds it: a / b of float32 is off by up to two units, and x / x not always 1."""
    return tl.div_rn(a, b) if a.dtype == tl.float32 else a / b


@triton.jit
def secant(a, b):
    gap = a - b
    slope = ratio(above(a) - above(b), tl.where(gap == 0, 1.0, gap))
    return tl.where(gap == 0, tl.where(b > 0, 1.0, 0.0), slope)


@triton.jit
def relu_secant(a, b):
    return secant(a, b)


@triton.jit
def relu_in_both_orders(end, start, positive, negative):
    up, down = start + positive, start + negative
    first = 0.5 * (secant(up, start) + secant(end, down))
    second = 0.5 * (secant(down, start) + secant(end, up))
    return first, second


@triton.jit
def difference_and_size(a, b):
    gap = a - b
    return gap, tl.abs(gap)


@triton.jit
def parts_about(a, b, spread):
    gap = a - b
    return above(0.5 * (gap + spread)), below(0.5 * (gap - spread))


@triton.jit
def sides_added(a, b):
    return above(a) + above(b), below(a) + below(b)


@triton.jit
def sum_and_difference(a, b):
    return a + b, a - b


@triton.jit
def join_by_sign(straight, slant, gap):
    return 0.5 * (straight + tl.where(gap > 0, slant, tl.where(gap < 0, -slant, 0.0)))


@triton.jit
def chosen(positive, negative, gap):
    return tl.where(gap > 0, positive, tl.where(gap < 0, negative, 0.5 * (positive + negative)))


# --- the kernel ----------------------------------------------------------------------------------


@triton.jit
def offsets(i, j, k, column, s0, s1, s2, s3, UNIT: tl.constexpr):
    """Where in a tensor the elements of some rows (i, j, k) lie; with UNIT above 1, side by side."""
    row = (i.to(tl.int64) * s0 + j.to(tl.int64) * s1 + k.to(tl.int64) * s2) * UNIT
    return row[:, None] + (column if UNIT > 1 else column * s3)[None, :]


RUNTIME = [
    "rows",
    "second",
    "third",
    "length",
    *(f"{tensor}{run}" for tensor in "abcd" for run in range(RUNS)),
]


@triton.jit(do_not_specialize=RUNTIME)
def expression(
    made, more, a, b, c, d, rows, second, third, length,
    a0, a1, a2, a3, b0, b1, b2, b3, c0, c1, c2, c3, d0, d1, d2, d3,
    EXPRESSION: tl.constexpr, INPUTS: tl.constexpr, OUTPUTS: tl.constexpr,
    UNIT: tl.constexpr, HEIGHT: tl.constexpr, WIDTH: tl.constexpr,
):  # fmt: skip
    """Of HEIGHT rows of `length` * UNIT elements, WIDTH elements; rows are numbered (first, second, third).

    Strides and lengths are counted in UNITs, so that where it is above 1 the compiler sees what divides them.
    """
    length = length.to(tl.int64) * UNIT
    across = tl.cdiv(length, WIDTH).to(tl.int32)
    row = (tl.program_id(0) // across) * HEIGHT + tl.arange(0, HEIGHT)
    column = (tl.program_id(0) % across).to(tl.int64) * WIDTH + tl.arange(0, WIDTH)
    inside = (row < rows)[:, None] & (column < length)[None, :]
    i, j, k = row // third // second, row // third % second, row % third
    x = tl.load(a + offsets(i, j, k, column, a0, a1, a2, a3, UNIT), mask=inside)
    y = tl.load(b + offsets(i, j, k, column, b0, b1, b2, b3, UNIT), mask=inside)
    if INPUTS == 2:
        result = EXPRESSION(x, y)
    else:
        z = tl.load(c + offsets(i, j, k, column, c0, c1, c2, c3, UNIT), mask=inside)
        if INPUTS == 3:
            result = EXPRESSION(x, y, z)
        else:
            w = tl.load(d + offsets(i, j, k, column, d0, d1, d2, d3, UNIT), mask=inside)
            result = EXPRESSION(x, y, z, w)
    place = (row.to(tl.int64) * length)[:, None] + column[None, :]
    if OUTPUTS == 1:
        tl.store(made + place, result, mask=inside)
    else:
        tl.store(made + place, result[0], mask=inside)
        tl.store(more + place, result[1], mask=inside)
