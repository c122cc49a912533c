"""Motifs as position probability matrices (PWM): log-odds, scores of words, thresholds."""

import zlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from seqattr.dna.frequencies import BACKGROUND, background_of
from seqattr.errors import InputError
from seqattr.io.motifs.collection import MOST_COLUMNS

_DRAWN = 16  # twins, of which one is taken
_STEPS = 100  # per nat, where the distribution of scores is computed


@dataclass(frozen=True, eq=False)
class PWM:
    """A motif: the probabilities (4, w) of A, C, G, T at each of its w positions.

    One of RNA, or of one strand alone, is not looked for on the other. One that was learned from
    contributions has what each base contributes in each position, (4, w), with its sign: the
    contribution-weight matrix (CWM). Raises InputError unless each of at least one column and at most
    MOST_COLUMNS is a distribution, to within 1 in 100, or where the contributions are of another shape.
    """

    name: str
    probabilities: np.ndarray
    one_strand: bool = False
    contributions: np.ndarray | None = None

    def __post_init__(self) -> None:
        table = np.array(self.probabilities, dtype=np.float64)
        if table.ndim != 2 or table.shape[0] != 4 or table.shape[1] < 1:
            raise InputError(f"motif {self.name}: probabilities must be (4, width >= 1), not {table.shape}")
        if table.shape[1] > MOST_COLUMNS:
            raise InputError(f"motif {self.name} has {table.shape[1]} columns, of at most {MOST_COLUMNS}")
        off = np.flatnonzero(~((table >= 0).all(axis=0) & (abs(table.sum(axis=0) - 1) <= 0.01)))
        if len(off):
            raise InputError(
                f"motif {self.name}: column {off[0] + 1} must be four probabilities that sum to 1,"
                f" not {', '.join(f'{value:g}' for value in table[:, off[0]])}"
            )
        table.setflags(write=False)
        object.__setattr__(self, "probabilities", table)
        if self.contributions is not None:
            object.__setattr__(self, "contributions", self._checked(self.contributions))

    def _checked(self, contributions: np.ndarray) -> np.ndarray:
        values = np.array(contributions, dtype=np.float64)
        if values.shape != self.probabilities.shape or not np.isfinite(values).all():
            raise InputError(
                f"motif {self.name}: contributions must be finite and {self.probabilities.shape}, as the"
                f" probabilities, not {values.shape}"
            )
        values.setflags(write=False)
        return values

    @property
    def width(self) -> int:
        """w"""
        return self.probabilities.shape[1]

    def log_odds(self, background: ArrayLike = BACKGROUND, pseudocount: float = 0.001) -> np.ndarray:
        """(4, w) natural log-odds, once a share `pseudocount` of each column is spread over the bases."""
        smoothed = (1 - pseudocount) * self.probabilities + pseudocount / 4
        return np.log(smoothed / background_of(np.asarray(background))[:, None])

    def score(self, words: np.ndarray, background: ArrayLike = BACKGROUND) -> np.ndarray:
        """Log-odds (...) of words (..., w) given as codes; an N counts 0.

        Raises InputError for words of another width.
        """
        if words.shape[-1] != self.width:
            raise InputError(f"motif {self.name} is {self.width} wide, the words {words.shape[-1]}")
        table = np.vstack([self.log_odds(background), np.zeros(self.width)])
        return np.asarray(sum(table[words[..., position], position] for position in range(self.width)))

    def sample(self, rng: np.random.Generator, number: int | None = None) -> np.ndarray:
        """Codes (w,) of one instance, each position drawn from its own column; (number, w) of so many, as
        they come one after the other.
        """
        upto = self.probabilities.cumsum(axis=0)
        shape = (self.width,) if number is None else (number, self.width)
        return (rng.random(shape)[..., None, :] * upto[-1] >= upto).sum(axis=-2).astype(np.uint8)

    def reverse_complement(self) -> "PWM":
        """The motif as it reads on the other strand."""
        return self._rearranged(f"{self.name}_rc", np.s_[::-1, ::-1])

    def twins(self, number: int = 1, seed: int = 0) -> "list[PWM]":
        """So many motifs with half of its columns as they read on the other strand: motifs of nothing.

        Of two columns about as informative one is turned; of many such twins, drawn by the seed and the
        motif's name, they are those that resemble the motif least. They are as informative in each position,
        as rich in G and C, and in random bases as often matched. Shuffled columns lack the first: informative
        ones that stand together, as a motif has them, fit contributions that hang together better than
        scattered ones do, whatever the bases.
        """
        rng = np.random.default_rng([seed, zlib.crc32(self.name.encode())])
        sizes = np.where(self.probabilities > 0, self.probabilities, 1)
        order = np.argsort(-(self.probabilities * np.log(sizes)).sum(axis=0), kind="stable")
        first = 2 * np.arange((self.width + 1) // 2)
        drawn = first + rng.integers(2, size=(_DRAWN * number, len(first)))
        twins = [self._turned(order[np.minimum(turned, self.width - 1)]) for turned in drawn]
        return sorted(twins, key=lambda twin: resemblance(self.probabilities, twin.probabilities))[:number]

    def _turned(self, columns: np.ndarray) -> "PWM":
        """Some of its columns as they read on the other strand."""
        bases = np.repeat(np.arange(4)[:, None], self.width, axis=1)
        bases[:, columns] = bases[::-1, columns]
        return self._rearranged(self.name, (bases, np.arange(self.width)))

    def _rearranged(self, name: str, order: Any) -> "PWM":
        contributions = None if self.contributions is None else self.contributions[order]
        return replace(self, name=name, probabilities=self.probabilities[order], contributions=contributions)


def resemblance(one: np.ndarray, other: np.ndarray) -> float:
    """The largest sum of products of two motifs' probabilities (4, w), less 1/4, at any offset and strand."""
    width = one.shape[1]
    size = 2 * width
    spectrum = np.fft.rfft(one - 0.25, size)
    sides = np.stack([other - 0.25, other[::-1, ::-1] - 0.25])
    sums = np.fft.irfft((spectrum * np.fft.rfft(sides, size).conj()).sum(axis=1), size)
    return float(sums.max())


def score_threshold(pwm: PWM, p_value: float, background: ArrayLike = BACKGROUND) -> float:
    """The log-odds that random bases reach with a probability of at most `p_value`; infinite if none.

    Exact for log-odds in steps of 1/100 (Staden 1989), and midway between the last score that is rare enough
    and the first that is not. Raises InputError unless 0 < p_value <= 1.
    """
    if not 0 < p_value <= 1:
        raise InputError(f"a p-value is above 0 and at most 1, not {p_value:g}")
    frequencies = background_of(np.asarray(background))
    steps = np.rint(pwm.log_odds(frequencies) * _STEPS).astype(int)
    lowest = steps.min(axis=0)
    chance = np.ones(1)  # of each sum of the columns so far, from their lowest on
    for column in (steps - lowest).T:
        longer = np.zeros(len(chance) + column.max())
        for step, frequency in zip(column, frequencies, strict=True):
            longer[step : step + len(chance)] += frequency * chance
        chance = longer
    sums = np.flatnonzero(chance)[::-1]
    rare = int(np.searchsorted(chance[sums].cumsum(), p_value * (1 + 1e-9), side="right"))
    edges = np.array([np.inf, *(sums + lowest.sum()), -np.inf]) / _STEPS
    return float(edges[rare : rare + 2].mean())


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
