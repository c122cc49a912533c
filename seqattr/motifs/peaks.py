"""The highest values of each row, none of them near a higher one (non-maximum suppression)."""

from typing import NamedTuple

import numpy as np


class Peaks(NamedTuple):
    """K columns of rows, by row and then the highest first."""

    row: np.ndarray  # (K,) int64
    column: np.ndarray  # (K,) int64
    value: np.ndarray  # (K,)


def highest_peaks(values: np.ndarray, most: int, reach: int) -> Peaks:
    """At most so many columns of each row of values (N, P), the highest first; of equals the first.

    A column at most `reach` away from one taken before is passed over, so there may be fewer; so is one of
    minus infinity.
    """
    rows, columns = values.shape
    left = np.full((rows, columns + 2 * reach), -np.inf, dtype=np.result_type(values, np.float32))
    left[:, reach : reach + columns] = values
    flat, begin = left.reshape(-1), np.arange(rows) * left.shape[1]
    best = np.empty((rows, most), np.int64)
    heights = np.empty((rows, most), np.float64)
    for rank in range(most):
        column = left.argmax(axis=1)
        best[:, rank], heights[:, rank] = column - reach, flat[begin + column]
        for shift in range(-reach, reach + 1):  # into the padding at most
            flat[begin + column + shift] = -np.inf
    finite = np.isfinite(heights)
    return Peaks(finite.nonzero()[0], best[finite], heights[finite])
