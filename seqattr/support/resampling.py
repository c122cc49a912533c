"""What a mean over sequences is worth: its interval by drawing them again, and tests against chance."""

import math
from functools import cache
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

RESAMPLED = 1000  # times that sequences are drawn again for an interval
CONFIDENCE = 0.95
QUANTILES = ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)
ROWS_AT_ONCE = 1024
FLIPS = 10_000  # random signs of a test
TESTS_AT_ONCE = 128
EXACT = 14  # differences of which all signs are tried
_TERMS = 1000  # of a power series
_MANY = 100  # degrees of freedom
FEWEST = 6  # sequences that are tested: of five no p-value is below 0.06
SMALLEST = float(np.finfo(np.float64).tiny)  # a p-value: none is 0, however far out a test is


def finite_mean(values: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Of each row the mean of its numbers, NaN where there is none."""
    known = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        return np.where(known, values, 0.0).sum(1) / known.sum(1)


def interval(values: npt.NDArray[np.floating]) -> tuple[float, float]:
    """Bounds of the mean of (n,) numbers, as `intervals` has them; NaN of fewer than two."""
    low, high = intervals(values[None])
    return float(low[0]), float(high[0])


def intervals(values: npt.NDArray[np.floating]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Bounds (M,) of the means of rows (M, N), of which the same columns are drawn again for all rows.

    The percentiles of the means drawn, `widened` about the mean for the few numbers that there are. What is
    no number does not count; NaN for rows of fewer than two numbers.
    """
    known = np.isfinite(values)
    low, high = percentiles(values, known, resampling(values.shape[1]))
    mean = finite_mean(values)
    sizes, rows = np.unique(known.sum(1), return_inverse=True)
    wider = np.array([widened(size) if size > 1 else np.nan for size in sizes.tolist()])[rows]
    return mean - wider * (mean - low), mean + wider * (high - mean)


def percentiles(
    values: npt.NDArray[np.floating], known: npt.NDArray[np.bool_], weights: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """QUANTILES (2, M) of the means of each row's `known` numbers (M, N) in draws (N, RESAMPLED); NaN of
    fewer than two.
    """
    bounds = np.full((2, len(values)), np.nan)
    enough = np.flatnonzero(known.sum(1) > 1)
    for first in range(0, len(enough), ROWS_AT_ONCE):
        rows = enough[first : first + ROWS_AT_ONCE]
        with np.errstate(invalid="ignore"):  # where a draw has none of a row's numbers
            means = (np.where(known[rows], values[rows], 0.0) @ weights) / (known[rows] @ weights)
        gaps = np.isnan(means).any(1)
        bounds[:, rows[~gaps]] = np.quantile(means[~gaps], QUANTILES, axis=1)
        bounds[:, rows[gaps]] = np.nanquantile(means[gaps], QUANTILES, axis=1)
    return bounds


@cache
def widened(number: int) -> float:
    """How much wider than the percentiles of drawn means an interval of so many numbers is.

    Drawn again, n numbers spread by (n - 1) / n less than they did when they were drawn first, and how much
    they spread is itself known by n - 1 differences alone, which Student's t allows for and the normal
    distribution does not (Hesterberg 2015, "What teachers should know about the bootstrap", who takes
    percentiles farther out instead: of five numbers these lie beyond nearly all draws).
    """
    normal = NormalDist().inv_cdf(QUANTILES[1])
    return student_quantile(number - 1) / normal * math.sqrt(number / (number - 1))


def student_quantile(freedom: int) -> float:
    """The t beyond which, on either side, Student's T lies with a probability of 1 - CONFIDENCE.

    By bisection; of more than 100 degrees of freedom by Abramowitz & Stegun 26.7.5, to 1e-9.
    """
    if freedom > _MANY:
        z = NormalDist().inv_cdf(QUANTILES[1])
        terms = (
            (z**3 + z) / 4,
            (5 * z**5 + 16 * z**3 + 3 * z) / 96,
            (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
            (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
        )
        return z + sum(term / freedom**power for power, term in enumerate(terms, 1))
    low, high = 0.0, 100.0
    for _ in range(60):
        middle = (low + high) / 2
        outside = float(student_tails(np.array([middle]), freedom)[0])
        low, high = (middle, high) if outside > 1 - CONFIDENCE else (low, middle)
    return high


def resampling(number: int) -> npt.NDArray[np.float64]:
    """How often each of so many sequences is drawn, (number, RESAMPLED)."""
    drawn = np.random.default_rng(0).integers(0, number, (RESAMPLED, number))
    return np.stack([np.bincount(row, minlength=number) for row in drawn], 1).astype(np.float64)


def sign_flip_test(differences: npt.NDArray[np.floating], seed: int) -> float:
    """Two-sided p-value of paired differences (n,) having either sign alike, by random signs of their sum.

    NaN of fewer than FEWEST.
    """
    return float(sign_flip_tests(differences[None], seed)[0])


def sign_flip_tests(differences: npt.NDArray[np.floating], seed: int) -> npt.NDArray[np.float64]:
    """The same of rows (M, n), (M,), by the same signs for all."""
    rows, number = differences.shape
    if number < FEWEST:
        return np.full(rows, np.nan)
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], (FLIPS, number))
    least = abs(differences.sum(1)) * (1 - 1e-12)
    parts = [slice(first, first + TESTS_AT_ONCE) for first in range(0, rows, TESTS_AT_ONCE)]
    reached = [(abs(signs @ differences[part].T) >= least[part]).sum(0) for part in parts]
    return (np.concatenate([*reached, np.zeros(0)]) + 1) / (FLIPS + 1)


def signs_p_value(differences: npt.NDArray[np.floating]) -> float:
    """One-sided p-value of the sum of differences (n,) that may have either sign alike; 1 where all are 0.

    By all signs of at most EXACT, else by the normal distribution: so it may be very small.
    """
    d = differences[differences != 0]
    if not len(d):
        return 1.0
    if len(d) > EXACT:
        return max(math.erfc(float(d.sum()) / math.sqrt(2 * float(d @ d))) / 2, SMALLEST)
    sums = np.zeros(1)
    for size in abs(d):
        sums = np.concatenate([sums + size, sums - size])
    return float((sums >= d.sum() - 1e-12 * abs(d).sum()).mean())


def single_case_test(
    cases: npt.NDArray[np.floating], controls: npt.NDArray[np.floating]
) -> npt.NDArray[np.float64]:
    """Two-sided p-values (M,) of cases (M,) being one more of their controls (M, K).

    t = (case - mean) / (sd sqrt(1 + 1 / K)) with K - 1 degrees of freedom (Crawford & Howell 1998): unlike a
    test of the controls' mean it stays calibrated however exactly each is known. 1 where nothing differs, NaN
    of fewer than two controls.
    """
    number = controls.shape[1]
    if number < 2:
        return np.full(len(cases), np.nan)
    away = abs(cases - controls.mean(1))
    error = controls.std(1, ddof=1) * math.sqrt(1 + 1 / number)
    rounding = 1e-12 * (abs(cases) + abs(controls).max(1))
    with np.errstate(divide="ignore", invalid="ignore"):
        p = np.maximum(student_tails(away / error, number - 1), SMALLEST)
    return np.where(away <= rounding, 1.0, p)


def student_tails(t: npt.NDArray[np.floating], freedom: int) -> npt.NDArray[np.float64]:
    """P(|T| > t) of Student's T with so many degrees of freedom, of t >= 0; also far out.

    The finite sums of Abramowitz & Stegun 26.7.3 and 26.7.4; where these cancel, the power series of the
    incomplete beta function (26.5.4) in x = freedom / (freedom + t^2).
    """
    near = 1 - _within(t, freedom)
    return np.where(near > 1e-3, near, _beyond(t, freedom))


def _within(t: npt.NDArray[np.floating], freedom: int) -> npt.NDArray[np.float64]:
    """P(|T| < t)"""
    angle = np.arctan(t / math.sqrt(freedom))
    sine, cosine = np.sin(angle), np.cos(angle)
    term = cosine if freedom % 2 else np.ones_like(cosine)
    total = np.zeros_like(term)
    for power in range(2 + freedom % 2, freedom + 1, 2):
        total = total + term
        term = term * cosine**2 * (power - 1) / power
    return 2 / math.pi * (angle + sine * total) if freedom % 2 else sine * total


def _beyond(t: npt.NDArray[np.floating], freedom: int) -> npt.NDArray[np.float64]:
    """P(|T| > t) for t far from 0."""
    half = freedom / 2
    x = freedom / (freedom + np.square(t))
    scale = math.exp(math.lgamma(half + 0.5) - math.lgamma(half) - math.lgamma(0.5))
    term, total = np.ones_like(x), np.zeros_like(x)
    for number in range(_TERMS):
        total = total + term / (half + number)
        term = term * x * (number + 0.5) / (number + 1)
    return scale * x**half * total
