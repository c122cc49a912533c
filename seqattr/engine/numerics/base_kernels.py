"""Loops over bases, compiled by numba where there is one: one-hot columns, and what multipliers make of them.

They fill rows `start` to `end`. Inner loops are kept apart, each of few arrays, so that they become vector
instructions; each sum is taken in the order of its numbers.
"""

from typing import Any

import numpy as np

from seqattr.support.compiled import compiled


@compiled
def one_hot(start: int, end: int, columns: Any, codes: Any) -> None:
    """Of codes (rows, L) the columns (rows, 4, L)."""
    zero, one = columns.dtype.type(0), columns.dtype.type(1)
    for n in range(start, end):
        row = codes[n]
        for c in range(4):
            line = columns[n, c]
            for i in range(len(row)):
                line[i] = one if row[i] == c else zero


@compiled
def project(
    start: int,
    end: int,
    contributions: Any,
    against: Any,
    mean: Any,
    totals: Any,
    sizes: Any,
    multipliers: Any,
    sequences: Any,
    references: Any,
    channels_last: bool,
) -> None:
    """As `multipliers.project`. References may be one set for all sequences, multipliers (B, R or 1, ..) one
    for all references; these are (.., L, 4) with `channels_last`.
    """
    number, length = totals.shape[1], mean.shape[2]
    share = mean.dtype.type(1) / mean.dtype.type(number)
    moved, turned = np.empty(length, mean.dtype), np.empty((4, length), mean.dtype)
    for n in range(start, end):
        x, kept = sequences[n], against[n]
        pool = references[min(n, len(references) - 1)]
        for k in range(number):
            m, r = multipliers[n, min(k, multipliers.shape[1] - 1)], pool[k]
            if channels_last:
                _turn(m, turned)
                m = turned
            for i in range(length):
                near = m[0, i] * (x[0, i] - r[0, i]) + m[1, i] * (x[1, i] - r[1, i])
                moved[i] = near + m[2, i] * (x[2, i] - r[2, i]) + m[3, i] * (x[3, i] - r[3, i])
            for i in range(length):
                kept[i] += m[0, i] * r[0, i] + m[1, i] * r[1, i] + m[2, i] * r[2, i] + m[3, i] * r[3, i]
            for c in range(4):
                _add(mean[n, c], m[c])
            _add(contributions[n], moved)
            totals[n, k], sizes[n, k] = _sums(moved)
        contributions[n] *= share
        against[n] *= share
        mean[n] *= share


@compiled
def _turn(rows: Any, columns: Any) -> None:
    for i in range(len(rows)):
        for c in range(4):
            columns[c, i] = rows[i, c]


@compiled
def _add(total: Any, row: Any) -> None:
    for i in range(len(total)):
        total[i] += row[i]


@compiled
def _sums(row: Any) -> Any:
    """Of numbers, and of their absolute values, in float64."""
    total, size = 0.0, 0.0
    for i in range(len(row)):
        total += row[i]
        size += abs(row[i])
    return total, size
