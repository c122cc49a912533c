"""Loops over plain memory, compiled by numba where there is one. `fused` is what calls them.

The elementwise ones fill lines `first` to `last` of their outputs (outputs, lines, elements). Of each
argument they have the memory it lies in, and where in it each line starts.
"""

from typing import Any

import numpy as np

from seqattr.support.compiled import compiled

TILE = 64  # positions that are transformed together, in three radix-4 steps


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
def join_by_sign(first: int, last: int, out: Any, memory: Any, at: Any) -> None:
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


# --- spectra of tiles: two tiles at a time, as the real and the imaginary part of one signal ---


@compiled
def _radix4(
    count: int, run: int, source: Any, apart: Any, target: Any, new_apart: Any, turn: int, twiddles: Any
) -> None:
    """A radix-4 step of the Fourier transform, of `count` times four runs of numbers.

    `source` and `target` are real and imaginary parts; `apart` and `new_apart` say how far from each other,
    there, the starts of two of the count are, and those of the four. The p-th is turned by p * turn.
    """
    real, imaginary, new_real, new_imaginary = source[0], source[1], target[0], target[1]
    for p in range(count):
        cos1, sin1 = twiddles[0, p * turn], twiddles[1, p * turn]
        cos2, sin2 = twiddles[0, 2 * p * turn], twiddles[1, 2 * p * turn]
        cos3, sin3 = twiddles[0, 3 * p * turn], twiddles[1, 3 * p * turn]
        a = p * apart[0]
        b, c, d = a + apart[1], a + 2 * apart[1], a + 3 * apart[1]
        a_re, a_im = real[a : a + run], imaginary[a : a + run]
        b_re, b_im = real[b : b + run], imaginary[b : b + run]
        c_re, c_im = real[c : c + run], imaginary[c : c + run]
        d_re, d_im = real[d : d + run], imaginary[d : d + run]
        a = p * new_apart[0]
        b, c, d = a + new_apart[1], a + 2 * new_apart[1], a + 3 * new_apart[1]
        re0, im0 = new_real[a : a + run], new_imaginary[a : a + run]
        re1, im1 = new_real[b : b + run], new_imaginary[b : b + run]
        re2, im2 = new_real[c : c + run], new_imaginary[c : c + run]
        re3, im3 = new_real[d : d + run], new_imaginary[d : d + run]
        for i in range(run):
            even_re, even_im = a_re[i] + c_re[i], a_im[i] + c_im[i]
            odd_re, odd_im = b_re[i] + d_re[i], b_im[i] + d_im[i]
            left_re, left_im = a_re[i] - c_re[i], a_im[i] - c_im[i]
            right_re, right_im = b_re[i] - d_re[i], b_im[i] - d_im[i]
            re0[i], im0[i] = even_re + odd_re, even_im + odd_im
            re, im = left_re + right_im, left_im - right_re
            re1[i], im1[i] = re * cos1 - im * sin1, re * sin1 + im * cos1
            re, im = even_re - odd_re, even_im - odd_im
            re2[i], im2[i] = re * cos2 - im * sin2, re * sin2 + im * cos2
            re, im = left_re - right_im, left_im + right_re
            re3[i], im3[i] = re * cos3 - im * sin3, re * sin3 + im * cos3


@compiled
def to_spectra(
    first: int, last: int, values: Any, spectra: Any, twiddles: Any, step: int, padding: int
) -> None:
    """Of rows of values (N, L, C) the spectra (N * pairs, TILE, 2, C) of each two tiles.

    Tiles begin `step` apart, the first `padding` before the row. Frequency q + 16 m stands at 4 q + m.
    """
    number, length, channels = values.shape
    pairs, quarter, both = len(spectra) // number, TILE // 4 * channels, 2 * channels
    tile, work = np.empty((2, 4 * quarter), values.dtype), np.empty((2, 4 * quarter), values.dtype)
    planes, others = (tile[0], tile[1]), (work[0], work[1])
    for n in range(first, last):
        row = values[n // pairs].reshape(-1)
        for side in range(2):
            start = (2 * (n % pairs) + side) * step - padding
            begin = min(max(-start, 0), TILE) * channels
            end = max(min(TILE, length - start) * channels, begin)
            one, begun = tile[side], row[start * channels + begin :]
            one[:begin] = 0
            for i in range(end - begin):
                one[begin + i] = begun[i]
            one[end:] = 0
        flat = spectra[n].reshape(-1)
        spectrum = flat, flat[channels:]
        _radix4(16, channels, planes, (channels, quarter), others, (4 * channels, channels), 1, twiddles)
        _radix4(
            4, 4 * channels, others, (4 * channels, quarter), planes, (quarter, 4 * channels), 4, twiddles
        )
        _radix4(16, channels, planes, (channels, quarter), spectrum, (4 * both, both), 0, twiddles)


@compiled
def from_spectra(first: int, last: int, spectra: Any, values: Any, twiddles: Any, step: int) -> None:
    """The way back, of each tile its first `step` positions: into rows of values (N, L, C).

    Backwards is forwards with real and imaginary parts exchanged.
    """
    number, length, channels = values.shape
    pairs, quarter, both = len(spectra) // number, TILE // 4 * channels, 2 * channels
    tile, work = np.empty((2, 4 * quarter), values.dtype), np.empty((2, 4 * quarter), values.dtype)
    planes, others = (tile[1], tile[0]), (work[1], work[0])
    for n in range(first, last):
        row, flat = values[n // pairs].reshape(-1), spectra[n].reshape(-1)
        spectrum = flat[channels:], flat
        _radix4(16, channels, spectrum, (4 * both, both), planes, (4 * channels, channels), 1, twiddles)
        _radix4(
            4, 4 * channels, planes, (4 * channels, quarter), others, (quarter, 4 * channels), 4, twiddles
        )
        _radix4(1, quarter, others, (0, quarter), planes, (0, quarter), 0, twiddles)
        for side in range(2):
            start = (2 * (n % pairs) + side) * step
            target, one = row[start * channels :], tile[side]
            for i in range(min(step, length - start) * channels):
                target[i] = one[i]
