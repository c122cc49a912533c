"""What a check measures, one number for each sequence, and the summaries of it that carry intervals."""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from seqattr.support.resampling import finite_mean, intervals


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

_CORRELATIONS = "spearman", "spearman-abs", "pearson", "ssim", "sensitivity-n"
_SHARES = "beats-random", "inverse-beats-random", "misses", "scaled-infidelity"
# Between which numbers a metric always lies, and so does its interval, however few the sequences.
RANGES = {**dict.fromkeys(_CORRELATIONS, (-1.0, 1.0)), **dict.fromkeys(_SHARES, (0.0, 1.0))}
_ANY = -math.inf, math.inf


def summarise(method: str, measured: Iterable[Measured]) -> list[Summary]:
    """One summary for each curve's point and seed, and where there are several seeds one of all of them.

    The interval is the bootstrap's over sequences (`intervals`), of which the same are drawn for all rows;
    it ends where the metric does.
    """
    groups: dict[Key, list[Measured]] = {}
    for row in measured:
        groups.setdefault((row.metric, row.target, row.step, row.at), []).append(row)
    wanted = [some for key, group in groups.items() for some in rows_of(key, group)]
    if not wanted:
        return []
    values = np.stack([mean_over_seeds(rows) for _, _, rows in wanted])
    ranges = np.array([RANGES.get(key[0], _ANY) for key, _, _ in wanted]).T
    columns = zip(finite_mean(values), *np.clip(intervals(values), *ranges), strict=True)
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


def between(rows: Sequence[Measured]) -> float:
    """The standard deviation of the means of seeds, NaN for fewer than two."""
    return spread_of(finite_mean(np.stack([row.values for row in rows])))


def spread_of(values: npt.NDArray[np.floating]) -> float:
    """The standard deviation of the numbers among values, NaN for fewer than two."""
    known = values[np.isfinite(values)]
    return float(known.std(ddof=1)) if len(known) > 1 else float("nan")
