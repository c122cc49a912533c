"""What a check measures, one number for each sequence, and the summaries of it that carry intervals."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

RESAMPLED = 1000  # times that sequences are drawn again for an interval
CONFIDENCE = 0.95
QUANTILES = ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)
ROWS_AT_ONCE = 1024


class Measured(NamedTuple):
    """One metric of one method: a number for each of N sequences, NaN where there is none.

    `step` and `at` say where along a curve it was taken, in words and as a number for the axis (a layer and
    its depth, a share of bases, a shift); "" and 0 where there is no curve. `seed` tells randomisations
    apart; None where nothing was drawn.
    """

    metric: str
    target: str
    values: npt.NDArray[np.float64]
    step: str = ""
    at: float = 0.0
    seed: int | None = None


def by_target(
    names: Sequence[str], metric: str, values: npt.NDArray[np.float64], share: float = 0.0
) -> Iterator[Measured]:
    """Of values (T, N), one for each target; `share` says where along a curve of shares of the bases."""
    step = f"{share:.0%}" if share else ""
    for target, numbers in zip(names, values, strict=True):
        yield Measured(metric, target, numbers, step, share)


class Summary(NamedTuple):
    """The mean over sequences with a bootstrap interval over them, of one seed or (None) of all.

    `low` and `high` are the bounds of the 95 % interval; `between` the standard deviation of the means of
    the seeds, NaN for one seed, and `spread` that of the sequences.
    """

    method: str
    metric: str
    target: str
    step: str
    at: float
    seed: int | None
    sequences: int
    mean: float
    low: float
    high: float
    between: float
    spread: float = float("nan")


Key = tuple[str, str, str, float]


def summarise(method: str, measured: Iterable[Measured]) -> list[Summary]:
    """One summary for each curve's point and seed, and where there are several seeds one of all of them.

    The interval is the bootstrap's over sequences (percentiles), of which the same are drawn for all rows.
    """
    groups: dict[Key, list[Measured]] = {}
    for row in measured:
        groups.setdefault((row.metric, row.target, row.step, row.at), []).append(row)
    wanted = [some for key, group in groups.items() for some in rows_of(key, group)]
    if not wanted:
        return []
    values = np.stack([mean_over_seeds(rows) for _, _, rows in wanted])
    columns = zip(finite_mean(values), *intervals(values), strict=True)
    return [
        Summary(
            *(method, *key, seed, int(np.isfinite(row).sum())),
            *(float(mean), float(low), float(high), between(rows), spread_of(row)),
        )
        for (key, seed, rows), row, (mean, low, high) in zip(wanted, values, columns, strict=True)
    ]


def rows_of(key: Key, group: Sequence[Measured]) -> list[tuple[Key, int | None, list[Measured]]]:
    """What a point of a curve is summarised by: each seed, and all where there are several."""
    single: list[tuple[Key, int | None, list[Measured]]] = [(key, row.seed, [row]) for row in group]
    return [*single, (key, None, list(group))] if len(group) > 1 else single


def mean_over_seeds(rows: Sequence[Measured]) -> npt.NDArray[np.float64]:
    """Of each sequence (N,) the mean of the seeds in which it has a number."""
    return finite_mean(np.stack([row.values for row in rows]).T)


def finite_mean(values: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Of each row the mean of its numbers, NaN where there is none."""
    known = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        return np.where(known, values, 0.0).sum(1) / known.sum(1)


def between(rows: Sequence[Measured]) -> float:
    """The standard deviation of the means of seeds, NaN for fewer than two."""
    return spread_of(finite_mean(np.stack([row.values for row in rows])))


def spread_of(values: npt.NDArray[np.floating]) -> float:
    """The standard deviation of the numbers among values, NaN for fewer than two."""
    known = values[np.isfinite(values)]
    return float(known.std(ddof=1)) if len(known) > 1 else float("nan")


def interval(values: npt.NDArray[np.floating]) -> tuple[float, float]:
    """Bounds of the mean of (n,) numbers by resampling; NaN of fewer than two."""
    low, high = intervals(values[None])
    return float(low[0]), float(high[0])


def intervals(values: npt.NDArray[np.floating]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Bounds (M,) of the means of rows (M, N), of which the same columns are drawn again for all rows.

    What is no number does not count; NaN for rows of fewer than two numbers.
    """
    known = np.isfinite(values)
    weights = resampling(values.shape[1])
    bounds = np.full((2, len(values)), np.nan)
    enough = np.flatnonzero(known.sum(1) > 1)
    for first in range(0, len(enough), ROWS_AT_ONCE):
        rows = enough[first : first + ROWS_AT_ONCE]
        with np.errstate(invalid="ignore"):  # where a draw has none of a row's numbers
            means = (np.where(known[rows], values[rows], 0.0) @ weights) / (known[rows] @ weights)
        gaps = np.isnan(means).any(1)
        bounds[:, rows[~gaps]] = np.quantile(means[~gaps], QUANTILES, axis=1)
        bounds[:, rows[gaps]] = np.nanquantile(means[gaps], QUANTILES, axis=1)
    return bounds[0], bounds[1]


def resampling(number: int) -> npt.NDArray[np.float64]:
    """How often each of so many sequences is drawn, (number, RESAMPLED)."""
    drawn = np.random.default_rng(0).integers(0, number, (RESAMPLED, number))
    return np.stack([np.bincount(row, minlength=number) for row in drawn], 1).astype(np.float64)
