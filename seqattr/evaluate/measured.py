"""What a check measures, one number for each sequence, and the summaries of it that carry intervals."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

RESAMPLED = 1000  # times that sequences are drawn again for an interval
CONFIDENCE = 0.95


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
    the seeds, NaN for one seed.
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


def summarise(method: str, measured: Iterable[Measured]) -> list[Summary]:
    """One summary for each curve's point and seed, and where there are several seeds one of all of them.

    The interval is the bootstrap's over sequences (percentiles), of which the same are drawn for all rows.
    """
    rows = list(measured)
    groups: dict[tuple[str, str, str, float], list[Measured]] = {}
    for row in rows:
        groups.setdefault((row.metric, row.target, row.step, row.at), []).append(row)
    summaries = []
    for key, group in groups.items():
        summaries += [summary_of(method, key, [row], row.seed) for row in group]
        if len(group) > 1:
            summaries.append(summary_of(method, key, group, None))
    return summaries


def summary_of(
    method: str, key: tuple[str, str, str, float], rows: Sequence[Measured], seed: int | None
) -> Summary:
    """Of rows that differ in their seeds alone."""
    values = np.stack([row.values for row in rows])
    each = np.nanmean(values, 1) if np.isfinite(values).any(1).all() else np.full(len(values), np.nan)
    with np.errstate(all="ignore"):
        by_sequence = np.array(
            [
                column[np.isfinite(column)].mean() if np.isfinite(column).any() else np.nan
                for column in values.T
            ]
        )
    known = by_sequence[np.isfinite(by_sequence)]
    low, high = interval(known)
    mean = float(known.mean()) if len(known) else float("nan")
    between = float(each.std(ddof=1)) if len(each) > 1 else float("nan")
    return Summary(method, *key, seed, len(known), mean, low, high, between)


def interval(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Bounds of the mean of (n,) numbers by resampling; NaN of fewer than two."""
    if len(values) < 2:
        return float("nan"), float("nan")
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, len(values), (RESAMPLED, len(values)))
    low, high = np.quantile(values[drawn].mean(1), [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)
