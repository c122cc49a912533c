"""How alike two explanations of the same sequences are, sequence by sequence: ranks, numbers, structure."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from seqattr.support.ranks import average_ranks

Numbers = npt.NDArray[np.float64]  # (N, L), and one for each sequence (N,)

# Of structural similarity, as its paper has them: a Gaussian window of 11 positions, of 1.5 standard
# deviation, and constants that keep a quotient of next to nothing at 1, as shares of the range of values.
WINDOW, DEVIATION = 11, 1.5
K1, K2 = 0.01, 0.03
RANGE = 2.0  # from -1 to 1


def by_rank(one: Numbers, other: Numbers) -> Numbers:
    """Spearman's correlation of rows (N, L): (N,). Without ranks on the one side there is none, NaN; without
    any on the other nothing is left of it, 0.
    """
    finite = np.isfinite(one).all(1) & np.isfinite(other).all(1)
    return np.where(finite, by_number(ranks_of(one), ranks_of(other)), np.nan)


def by_size(one: Numbers, other: Numbers) -> Numbers:
    """The same of absolute values."""
    return by_rank(abs(one), abs(other))


def by_number(one: Numbers, other: Numbers) -> Numbers:
    """Pearson's correlation, and as `by_rank` where there is none."""
    a, b = (values - values.mean(1, keepdims=True) for values in (one, other))
    known, left = (np.ptp(values, axis=1) != 0 for values in (one, other))
    known &= np.isfinite(one).all(1) & np.isfinite(other).all(1)
    scale = np.sqrt((a * a).sum(1) * (b * b).sum(1))
    with np.errstate(all="ignore"):
        return np.where(known, np.where(left, (a * b).sum(1) / scale, 0.0), np.nan)


def ranks_of(values: Numbers) -> Numbers:
    """Row by row, ties as their mean."""
    return np.array([average_ranks(row) for row in values]).reshape(values.shape)


def by_structure(one: Numbers, other: Numbers) -> Numbers:
    """Structural similarity in one dimension: (N,), the mean over windows of

        (2 m n + C1) (2 cov + C2) / ((m^2 + n^2 + C1) (s^2 + t^2 + C2))

    with the means m and n of the two in a window, their variances s^2 and t^2 and their covariance, each
    weighed by the window; C1 = (K1 RANGE)^2, C2 = (K2 RANGE)^2. Each row is first divided by its largest
    absolute value; a row of zeros stays that. Of rows that are shorter than a window there is none, NaN.
    Wang, Bovik, Sheikh & Simoncelli 2004, section III.B.
    """
    if one.shape[1] < WINDOW:
        return np.full(len(one), np.nan)
    a, b = scaled(one), scaled(other)
    m, n = windowed(a), windowed(b)
    s2, t2, cov = windowed(a * a) - m * m, windowed(b * b) - n * n, windowed(a * b) - m * n
    c1, c2 = (K1 * RANGE) ** 2, (K2 * RANGE) ** 2
    index = (2 * m * n + c1) * (2 * cov + c2) / ((m * m + n * n + c1) * (s2 + t2 + c2))
    return np.asarray(index.mean(1))


def scaled(values: Numbers) -> Numbers:
    """Between -1 and 1."""
    largest = abs(values).max(1, keepdims=True)
    return values / np.where(largest > 0, largest, 1.0)


def windowed(values: Numbers) -> Numbers:
    """Weighed means over all windows that lie within, (N, L - WINDOW + 1)."""
    away = np.arange(WINDOW) - WINDOW // 2
    weights = np.exp(-(away**2) / (2 * DEVIATION**2))
    windows = np.lib.stride_tricks.sliding_window_view(values, WINDOW, axis=1)
    return np.asarray(windows @ (weights / weights.sum()))


SIMILARITIES: dict[str, tuple[str, Callable[[Numbers, Numbers], Numbers]]] = {
    "spearman": ("The rank correlation of contributions, 1 where the order of bases is the same.", by_rank),
    "spearman-abs": ("The same of their sizes, whatever their signs.", by_size),
    "pearson": ("The correlation of the contributions as they are.", by_number),
    "ssim": (
        f"The structural similarity of neighbourhoods of {WINDOW} bases, 1 where they look the same.",
        by_structure,
    ),
}
METRICS = {name: sentence for name, (sentence, _) in SIMILARITIES.items()}


def compare(one: Numbers, other: Numbers) -> dict[str, Numbers]:
    """All METRICS of two explanations (T, N, L) of the same sequences: (T, N) each."""
    return {name: by_target(function, one, other) for name, (_, function) in SIMILARITIES.items()}


def by_target(function: Callable[[Numbers, Numbers], Numbers], one: Numbers, other: Numbers) -> Numbers:
    """A similarity of each target's scores, (T, N)."""
    return np.stack([function(a, b) for a, b in zip(one, other, strict=True)])
