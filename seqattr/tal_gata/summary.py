"""Measures of several nets together: means with 95 % intervals."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from seqattr.figures.bars import Interval
from seqattr.tal_gata.evidence import Run
from seqattr.tal_gata.measures import Measures

POOLED = "pooled"
SHARES = tuple(name for name in Measures._fields if name != "matches")
DIGITS = 4  # of a share in tables: what a few thousand matches can tell
# 97.5 % quantiles of Student's t with 1, 2, 3 ... degrees of freedom; from ten on a series is exact enough.
_T = (12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622)
_NORMAL = 1.959964


class Key(NamedTuple):
    """What nets are averaged over."""

    method: str
    references: str
    motif: str


@dataclass(frozen=True)
class Summary:
    """Every measure of every method, references and motif, over the nets."""

    means: dict[Key, dict[str, Interval]]

    def get(self, measure: str, method: str, references: str, motif: str = POOLED) -> Interval | None:
        """None where it was not measured."""
        return self.means.get(Key(method, references, motif), {}).get(measure)

    def methods(self, references: str) -> list[str]:
        """The methods that were scored against these references, in order."""
        return list(dict.fromkeys(key.method for key in self.means if key.references == references))


def summarise(runs: Sequence[Run]) -> Summary:
    """The means over nets, in the order of the runs."""
    collected: dict[Key, list[Measures]] = {}
    for run in runs:
        for motif, measures in run.measures.items():
            collected.setdefault(Key(run.method, run.references, motif), []).append(measures)
    return Summary(
        {
            key: {name: share_interval([getattr(measures, name) for measures in several]) for name in SHARES}
            for key, several in collected.items()
        }
    )


def share_interval(values: Sequence[float]) -> Interval:
    """The mean of shares and its 95 % t interval, kept between 0 and 1."""
    mean = math.fsum(values) / len(values)
    if len(values) < 2:
        return Interval(mean, math.nan, math.nan, tuple(values))
    variance = math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)
    half = t_quantile(len(values) - 1) * math.sqrt(variance / len(values))
    return Interval(mean, max(mean - half, 0.0), min(mean + half, 1.0), tuple(values))


def t_quantile(freedom: int) -> float:
    """The 97.5 % quantile of Student's t, to three digits behind the point.

    From ten degrees of freedom on by its expansion at the normal quantile z (Abramowitz & Stegun 26.7.5).
    """
    if freedom <= len(_T):
        return _T[freedom - 1]
    z = _NORMAL
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / freedom + second / freedom**2 + third / freedom**3
