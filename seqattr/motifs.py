"""Motifs as position probability matrices: log-odds, scanning, the best matches; the two of the paper."""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike

from seqattr.alphabet import codes_of
from seqattr.errors import InputError
from seqattr.references import BACKGROUND, background_of

# One match: the index of its sequence, its first base (0-based) and its log-odds.
MATCH = np.dtype([("sequence", np.int64), ("start", np.int64), ("log_odds", np.float64)])


@dataclass(frozen=True, eq=False)
class PWM:
    """A motif: the probabilities (4, w) of A, C, G, T at each of its w positions.

    Raises InputError unless each of at least one column is a distribution, to within 1 in 100.
    """

    name: str
    probabilities: np.ndarray

    def __post_init__(self) -> None:
        table = np.array(self.probabilities, dtype=np.float64)
        if table.ndim != 2 or table.shape[0] != 4 or table.shape[1] < 1:
            raise InputError(f"motif {self.name}: probabilities must be (4, width >= 1), not {table.shape}")
        off = np.flatnonzero(~((table >= 0).all(axis=0) & (abs(table.sum(axis=0) - 1) <= 0.01)))
        if len(off):
            raise InputError(
                f"motif {self.name}: column {off[0] + 1} must be four probabilities that sum to 1,"
                f" not {', '.join(f'{value:g}' for value in table[:, off[0]])}"
            )
        table.setflags(write=False)
        object.__setattr__(self, "probabilities", table)

    @property
    def width(self) -> int:
        return self.probabilities.shape[1]

    def log_odds(self, background: ArrayLike = BACKGROUND, pseudocount: float = 0.001) -> np.ndarray:
        """(4, w) natural log-odds, once a share `pseudocount` of each column is spread over the bases."""
        smoothed = (1 - pseudocount) * self.probabilities + pseudocount / 4
        return np.log(smoothed / background_of(np.asarray(background))[:, None])

    def sample(self, rng: np.random.Generator) -> np.ndarray:
        """Codes (w,) of one instance, each position drawn from its own column."""
        upto = self.probabilities.cumsum(axis=0)
        return (rng.random(self.width) * upto[-1] >= upto).sum(axis=0).astype(np.uint8)

    def reverse_complement(self) -> "PWM":
        return PWM(f"{self.name}_rc", self.probabilities[::-1, ::-1])


def scan(pwm: PWM, sequences: ArrayLike, background: ArrayLike = BACKGROUND) -> np.ndarray:
    """Log-odds (N, L - w + 1) of the motif at each start in one-hot sequences (N, 4, L); an N counts 0.

    On the given strand only. Raises InputError where the sequences are shorter than the motif.
    """
    codes = codes_of(np.asarray(sequences))
    if codes.shape[-1] < pwm.width:
        raise InputError(f"motif {pwm.name} is {pwm.width} wide, the sequences only {codes.shape[-1]}")
    table = np.vstack([pwm.log_odds(background), np.zeros(pwm.width)])
    windows = sliding_window_view(codes, codes.shape[-1] - pwm.width + 1, axis=-1)
    scores = np.zeros((len(codes), windows.shape[-1]))
    for position in range(pwm.width):
        scores += table[windows[:, position], position]
    return scores


def top_matches(scores: np.ndarray, k: int, width: int) -> np.ndarray:
    """The k best starts of each row of log-odds (N, P), best first, as an array of MATCH.

    A start within half a motif of a better one (at most width / 2 away) is passed over, so there may be
    fewer than k (Shrikumar et al. 2017, figure 5).
    """
    left = np.array(scores, dtype=np.float64)
    row, start = np.arange(len(left)), np.arange(left.shape[1])
    found = np.empty((len(left), k), MATCH)
    for rank in range(k):
        best = left.argmax(axis=1)
        found["sequence"][:, rank], found["start"][:, rank] = row, best
        found["log_odds"][:, rank] = left[row, best]
        left[2 * abs(start - best[:, None]) <= width] = -np.inf
    return found[np.isfinite(found["log_odds"])]


# The two motifs of the paper's simulation, as ENCODE has them (Kheradpour & Kellis 2014).
TAL1 = PWM(
    "TAL1_known1",
    np.array(
        [
            [0.23, 0.15, 0.14, 0.66, 0.61, 0, 1, 0, 0.86, 0, 0, 0.01, 0.03, 0.20, 0.27, 0.23],
            [0.35, 0.30, 0.23, 0.09, 0.30, 1, 0, 0, 0.01, 0, 0, 0.03, 0.17, 0.43, 0.23, 0.26],
            [0.28, 0.23, 0.44, 0.14, 0.03, 0, 0, 1, 0.10, 0, 1, 0.61, 0.01, 0.17, 0.31, 0.32],
            [0.14, 0.32, 0.19, 0.11, 0.06, 0, 0, 0, 0.03, 1, 0, 0.35, 0.79, 0.20, 0.19, 0.19],
        ]
    ),
)
GATA1 = PWM(
    "GATA_disc1",
    np.array(
        [
            [0.322751, 0.137566, 0.666667, 0, 1, 0, 0.878307, 0.973545, 0, 0.243386],
            [0.185185, 0.476190, 0.100529, 0, 0, 0, 0, 0.026455, 0.052910, 0.248677],
            [0.359788, 0.322751, 0, 1, 0, 0, 0, 0, 0.947090, 0.507937],
            [0.132275, 0.063492, 0.232804, 0, 0, 1, 0.121693, 0, 0, 0],
        ]
    ),
)

BUNDLED: dict[str, PWM] = {motif.name: motif for motif in (TAL1, GATA1)}
