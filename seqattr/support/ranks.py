"""Statistics by ranks: correlation, and many tests at once."""

import math
from typing import overload

import numpy as np

SURE = 0.05  # the false discovery rate below which something is believed


def average_ranks(values: np.ndarray) -> np.ndarray:
    """Ranks (n,) from 1 on, of equal values their mean."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    begins = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]][: len(values)])
    ends = np.r_[begins[1:], len(values)]
    ranks = np.empty(len(values))
    ranks[order] = np.repeat((begins + 1 + ends) / 2, ends - begins)
    return ranks


def auroc(scores: np.ndarray, labels: np.ndarray) -> float | None:
    """The share of pairs of a positive and a negative (each (n,)) whose scores are in order; ties count half.

    From the ranks (Mann & Whitney 1947); None where a class is missing.
    """
    positive = np.asarray(labels, dtype=bool)
    ones, zeros = int(positive.sum()), int((~positive).sum())
    if not ones or not zeros:
        return None
    return float((average_ranks(scores)[positive].sum() - ones * (ones + 1) / 2) / (ones * zeros))


def spearman(one: np.ndarray, other: np.ndarray) -> float:
    """The correlation of two rankings (n,), ties as mean ranks; NaN where a side has only one value."""
    a, b = (average_ranks(values) - (len(values) + 1) / 2 for values in (one, other))
    scale = math.sqrt((a @ a) * (b @ b))
    return float(a @ b) / scale if scale else math.nan


@overload
def is_sure(q_value: float) -> bool: ...
@overload
def is_sure(q_value: np.ndarray) -> np.ndarray: ...
def is_sure(q_value: float | np.ndarray) -> bool | np.ndarray:
    """Whether a q-value, or each of some (n,), is small enough; NaN is not."""
    return q_value < SURE


def benjamini_hochberg(p_values: np.ndarray) -> np.ndarray:
    """q-values (n,): the false discovery rate at which each test passes; NaN is no test and stays NaN."""
    q = np.full(len(p_values), np.nan)
    tested = np.flatnonzero(~np.isnan(p_values))
    order = tested[np.argsort(-p_values[tested], kind="stable")]
    scaled = p_values[order] * len(order) / np.arange(len(order), 0, -1)
    q[order] = np.minimum(np.minimum.accumulate(scaled), 1)
    return q
