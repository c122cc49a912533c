"""How similar motifs are to each other, and which known motif one that was learned is like, by TOMTOM."""

import warnings
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from seqattr.motifs.pwm import PWM

LARGEST_E_VALUE = 0.05  # how many motifs of a collection may be as similar by chance
# TOMTOM's chance is that of the motifs given; where they are few, random ones stand in for a collection.
_ENOUGH = 100
_RANDOM_WIDTH = 10


class Known(NamedTuple):
    """The nearest of some known motifs, and how many of them would be as similar by chance."""

    name: str
    e_value: float

    @property
    def is_like(self) -> bool:
        """Whether that is more than chance."""
        return self.e_value <= LARGEST_E_VALUE


def nearest_known(learned: Sequence[PWM], known: Sequence[PWM]) -> list[Known]:
    """For each learned motif the known one of the smallest p-value; of two that are as near, the first.

    The E-value is that p-value times the number of known motifs.
    """
    p_values = _one_way(learned, known)
    best = p_values.argmin(axis=1)
    return [
        Known(known[number].name, float(row[number] * len(known)))
        for number, row in zip(best.tolist(), p_values, strict=True)
    ]


def tomtom_p_values(motifs: Sequence[PWM]) -> np.ndarray:
    """(M, M) p-values of two motifs' similarity, the larger of both ways."""
    one_way = _one_way(motifs, motifs)
    return np.maximum(one_way, one_way.T)


def _one_way(queries: Sequence[PWM], targets: Sequence[PWM]) -> np.ndarray:
    """(Q, T) p-values that a query is as similar to a motif as to each of the targets (Gupta et al. 2007)."""
    from memelite import tomtom

    ours, theirs = ([pwm.probabilities for pwm in some] for some in (queries, targets))
    rng = np.random.default_rng(0)
    fill = [rng.dirichlet(np.full(4, 0.3), _RANDOM_WIDTH).T for _ in range(_ENOUGH - len(theirs))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of too few motifs: there are enough
        return np.asarray(tomtom(ours, [*theirs, *fill], n_jobs=1)[0])[:, : len(theirs)]
