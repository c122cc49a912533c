"""How similar motifs are to each other, by TOMTOM."""

import warnings
from collections.abc import Sequence

import numpy as np

from seqattr.motifs.pwm import PWM

# TOMTOM's chance is that of the motifs given; where they are few, random ones stand in for a collection.
_ENOUGH = 100
_RANDOM_WIDTH = 10


def tomtom_p_values(motifs: Sequence[PWM]) -> np.ndarray:
    """(M, M) p-values of two motifs' similarity (Gupta et al. 2007), the larger of both ways."""
    from memelite import tomtom

    tables = [pwm.probabilities for pwm in motifs]
    rng = np.random.default_rng(0)
    fill = [rng.dirichlet(np.full(4, 0.3), _RANDOM_WIDTH).T for _ in range(_ENOUGH - len(tables))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of too few motifs: there are enough
        one_way = np.asarray(tomtom(tables, [*tables, *fill], n_jobs=1)[0])[:, : len(tables)]
    return np.maximum(one_way, one_way.T)
