"""Loops over plain memory, compiled by numba where there is one. `fused` is what calls them.

The elementwise ones fill lines `first` to `last` of their outputs (outputs, lines, elements). Of each
argument they have the memory it lies in, and where in it each line starts.
"""

from typing import Any

import numpy as np

from seqattr.compiled import compiled


@compiled
def _secant(a: Any, b: Any, zero: Any, one: Any) -> Any:
    gap = a - b
    if gap != zero:
        return (max(a, zero) - max(b, zero)) / gap
    return one if b > zero else zero


@compiled
def relu_secant(first: int, last: int, out: Any, memory: Any, at: Any) -> None:
    zero, one = out.dtype.type(0), out.dtype.type(1)
    for n in range(first, last):
        a, b = memory[0][at[0][n] :], memory[1][at[1][n] :]
        for i in range(out.shape[2]):
            out[0, n, i] = _secant(a[i], b[i], zero, one)


@compiled
def relu_in_both_orders(first: int, last: int, out: Any, memory: Any, at: Any) -> None:
    zero, one, half = out.dtype.type(0), out.dtype.type(1), out.dtype.type(0.5)
    for n in range(first, last):
        ends, starts = memory[0][at[0][n] :], memory[1][at[1][n] :]
        positive, negative = memory[2][at[2][n] :], memory[3][at[3][n] :]
        for i in range(out.shape[2]):
            end, start = ends[i], starts[i]
            up, down = start + positive[i], start + negative[i]
            out[0, n, i] = half * (_secant(up, start, zero, one) + _secant(end, down, zero, one))
            out[1, n, i] = half * (_secant(down, start, zero, one) + _secant(end, up, zero, one))


@compiled
def difference_and_size(first: int, last: int, out: Any, memory: Any, at: Any) -> None:
    for n in range(first, last):
        a, b = memory[0][at[0][n] :], memory[1][at[1][n] :]
        for i in range(out.shape[2]):
            gap = a[i] - b[i]
            out[0, n, i] = gap
            out[1, n, i] = abs(gap)


@compiled
def parts_about(first: int, last: int, out: Any, memory: Any, at: Any) -> None:
    zero, half = out.dtype.type(0), out.dtype.type(0.5)
    for n in range(first, last):
        a, b, spread = memory[0][at[0][n] :], memory[1][at[1][n] :], memory[2][at[2][n] :]
        for i in range(out.shape[2]):
            gap = a[i] - b[i]
            out[0, n, i] = max(half * (gap + spread[i]), zero)
            out[1, n, i] = min(half * (gap - spread[i]), zero)


@compiled
def sides_added(first: int, last: int, out: Any, memory: Any, at: Any) -> None:
    zero = out.dtype.type(0)
    for n in range(first, last):
        a, b = memory[0][at[0][n] :], memory[1][at[1][n] :]
        for i in range(out.shape[2]):
            out[0, n, i] = max(a[i], zero) + max(b[i], zero)
            out[1, n, i] = min(a[i], zero) + min(b[i], zero)


@compiled
def sum_and_difference(first: int, last: int, out: Any, memory: Any, at: Any) -> None:
    for n in range(first, last):
        a, b = memory[0][at[0][n] :], memory[1][at[1][n] :]
        for i in range(out.shape[2]):
            out[0, n, i] = a[i] + b[i]
            out[1, n, i] = a[i] - b[i]


@compiled
def tilted(first: int, last: int, out: Any, memory: Any, at: Any) -> None:
    zero, half = out.dtype.type(0), out.dtype.type(0.5)
    for n in range(first, last):
        straight, slant, gap = memory[0][at[0][n] :], memory[1][at[1][n] :], memory[2][at[2][n] :]
        for i in range(out.shape[2]):
            sign = slant[i] if gap[i] > zero else (-slant[i] if gap[i] < zero else zero)
            out[0, n, i] = half * (straight[i] + sign)


@compiled
def chosen(first: int, last: int, out: Any, memory: Any, at: Any) -> None:
    zero, half = out.dtype.type(0), out.dtype.type(0.5)
    for n in range(first, last):
        positive, negative, gap = memory[0][at[0][n] :], memory[1][at[1][n] :], memory[2][at[2][n] :]
        for i in range(out.shape[2]):
            p, m, d = positive[i], negative[i], gap[i]
            out[0, n, i] = p if d > zero else (m if d < zero else half * (p + m))


@compiled
def tiled_max_secant(
    first: int, last: int, out: Any, memory: Any, at: Any, channels: int, pair: int, size: int
) -> None:
    """A line holds one pair or more, of `pair` elements each: no tile goes from one into the next."""
    for n in range(first, last):
        for start in range(0, out.shape[2], pair):
            a, b = memory[0][at[0][n] + start :], memory[1][at[1][n] + start :]
            slope = out[0, n, start : start + pair].reshape(-1, channels)
            _line_of_tiles(a[:pair].reshape(-1, channels), b[:pair].reshape(-1, channels), slope, size)


@compiled
def _line_of_tiles(a: Any, b: Any, slope: Any, size: int) -> None:
    """Slopes as `nonlinear.largest` has them, at every position (L, channels) of one pair.

    `free` is 1 on each side until its largest has been met, so that of several the first counts.
    """
    tiles, channels = slope.shape[0] // size, slope.shape[1]
    zero = slope.dtype.type(0)
    top_a, top_b = np.empty(channels, a.dtype), np.empty(channels, a.dtype)
    free_a, free_b = np.empty(channels, a.dtype), np.empty(channels, a.dtype)
    slope[tiles * size :] = 0
    for tile in range(tiles):
        _largest(a, tile * size, size, top_a, free_a)
        _largest(b, tile * size, size, top_b, free_b)
        for i in range(tile * size, (tile + 1) * size):
            xs, ys, slopes = a[i], b[i], slope[i]
            for c in range(channels):
                here_a = free_a[c] if xs[c] == top_a[c] else zero
                here_b = free_b[c] if ys[c] == top_b[c] else zero
                free_a[c] -= here_a
                free_b[c] -= here_b
                cross, gap = max(top_a[c], top_b[c]), xs[c] - ys[c]
                change = here_a * (cross - top_b[c]) + here_b * (top_a[c] - cross)
                slopes[c] = change / gap if gap != zero else here_a * here_b


@compiled
def _largest(values: Any, start: int, size: int, top: Any, free: Any) -> None:
    row = values[start]
    for c in range(len(top)):
        top[c] = row[c]
        free[c] = 1
    for i in range(start + 1, start + size):
        row = values[i]
        for c in range(len(top)):
            top[c] = max(top[c], row[c])


@compiled
def gather(
    start: int,
    end: int,
    contributions: Any,
    against: Any,
    mean: Any,
    totals: Any,
    multipliers: Any,
    sequences: Any,
    references: Any,
) -> None:
    number, length = multipliers.shape[1], multipliers.shape[3]
    share = mean.dtype.type(1) / mean.dtype.type(number)
    for n in range(start, end):
        for k in range(number):
            m, x, r = multipliers[n, k], sequences[n], references[n, k]
            total = 0.0
            for i in range(length):
                moved = m[0, i] * (x[0, i] - r[0, i])
                kept = m[0, i] * r[0, i]
                for c in range(1, 4):
                    moved += m[c, i] * (x[c, i] - r[c, i])
                    kept += m[c, i] * r[c, i]
                for c in range(4):
                    mean[n, c, i] += m[c, i]
                contributions[n, i] += moved
                against[n, i] += kept
                total += moved
            totals[n, k] = total
        for i in range(length):
            contributions[n, i] *= share
            against[n, i] *= share
            for c in range(4):
                mean[n, c, i] *= share


@compiled
def add_overlapping(start: int, end: int, terms: Any, total: Any, first: int, dilation: int) -> None:
    length, outputs = total.shape[1:]
    taps = terms.shape[2] // outputs
    for n in range(start, end):
        line = total[n].reshape(-1)
        for place in range(terms.shape[1]):
            term, left = terms[n, place], place + first
            if dilation == 1 and left >= 0 and left + taps <= length:
                for i in range(taps * outputs):
                    line[left * outputs + i] += term[i]
            else:
                for t in range(taps):
                    at = left + t * dilation
                    if 0 <= at < length:
                        for o in range(outputs):
                            line[at * outputs + o] += term[t * outputs + o]
