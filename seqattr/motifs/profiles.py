"""What a motif's contributions would look like: the profile that hits are fitted with."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from seqattr.motifs.pwm import PWM


def profile_of(pwm: PWM, background: np.ndarray) -> np.ndarray:
    """(4, w): what each base is expected to contribute, up to a factor.

    Of a motif that was learned from contributions these themselves; else the heights of the letters in its
    logo, its probabilities times the column's information (relative to the background).
    """
    if pwm.contributions is not None:
        return pwm.contributions
    information = (pwm.probabilities * pwm.log_odds(background)).sum(axis=0)
    return np.asarray(pwm.probabilities * information)


class Profiles(NamedTuple):
    """The profiles of M motifs, one behind the other."""

    columns: np.ndarray  # (sum of widths, 4)
    first: np.ndarray  # (M,) where each begins
    width: np.ndarray  # (M,)
    signed: np.ndarray  # (M,) whether the profile has a sign of its own
    weight: np.ndarray  # (M,) how many bases it amounts to, were they all as large

    @classmethod
    def of(cls, motifs: Sequence[PWM], background: np.ndarray) -> "Profiles":
        """Of these motifs."""
        width = np.array([pwm.width for pwm in motifs], np.int64)
        columns = [profile_of(pwm, background).T for pwm in motifs]
        largest = [abs(table).max(axis=1) for table in columns]
        weight = np.array([size.sum() ** 2 / max(size @ size, 1e-300) for size in largest])
        signed = np.array([pwm.contributions is not None for pwm in motifs], bool)
        return cls(
            np.concatenate([np.empty((0, 4)), *columns]), width.cumsum() - width, width, signed, weight
        )
