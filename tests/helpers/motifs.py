"""Motifs in sequences by the definition."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike

from seqattr.dna.alphabet import codes_of
from seqattr.motifs.pwm import BACKGROUND, PWM


def scores_of(pwm: PWM, sequences: np.ndarray, background: ArrayLike = BACKGROUND) -> np.ndarray:
    """Log-odds (N, L - w + 1) of the motif at each start in sequences (N, 4, L), on their own strand."""
    return pwm.score(sliding_window_view(codes_of(sequences), pwm.width, axis=-1), background)
