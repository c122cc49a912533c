"""Which motifs carry importance: their matches against those of the same motifs with shuffled columns."""

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from seqattr.dna.loci import Loci
from seqattr.errors import InputError
from seqattr.motifs.matches import STRONG, Matches, importance_of
from seqattr.motifs.pwm import PWM
from seqattr.support.ranks import benjamini_hochberg, clustered_rank_sum, spearman

SURE = 0.05  # the largest q-value of a motif that is seen to carry something
# The least effect of one: beside a motif that carries much, what overlaps with it or spills over its edges is
# as sure as it is small.
LEAST_EFFECT = 0.05


class Summary(NamedTuple):
    """A motif's matches and what they carry; NaN where there is nothing to count.

    `carried` is the mean importance of all matches, each with the weight 1 / (1 + exp(strong - log_odds)):
    the chance that it is an instance of the motif if one place in exp(strong) is (1,100 at log-odds of 7).
    """

    matches: int
    strong: int  # those with log-odds of `strong` or more
    mean_importance: float  # of the strong ones
    share_not_positive: float  # of the strong ones, those with importance <= 0
    spearman: float  # between importance and log-odds, of all
    carried: float


class MotifStatistics(NamedTuple):
    """One motif and one target; q-values are after Benjamini and Hochberg, over the target's motifs.

    The effect is the difference as a share of the largest that is sure among the target's motifs; NaN where
    none is.
    """

    target: str
    motif: str
    width: int
    observed: Summary
    null: Summary  # the same of the motif with its columns shuffled
    difference: float  # observed.carried - null.carried
    p_value: float
    q_value: float
    effect: float

    @property
    def sure(self) -> bool:
        """Whether the motif, and not its null, carries something, be it ever so little."""
        return self.q_value < SURE and abs(self.observed.carried) > abs(self.null.carried)

    @property
    def carries(self) -> bool:
        """Whether the motif is seen to carry something that counts, for or against the target."""
        return self.sure and self.effect >= LEAST_EFFECT


class _Values(NamedTuple):
    """The matches of one motif, or of its null."""

    importance: np.ndarray
    excess: np.ndarray  # importance less what as many average bases of the sequence carry
    log_odds: np.ndarray
    weights: np.ndarray
    cluster: np.ndarray


def null_motifs(motifs: Iterable[PWM], seed: int = 0) -> list[PWM]:
    """The motifs with their columns shuffled: what a motif must beat to be seen to carry something."""
    return [pwm.shuffle_columns(seed) for pwm in motifs]


def motif_statistics(
    matches: Matches,
    null: Matches,
    target: str,
    contributions: np.ndarray,
    strong: float = STRONG,
    loci: Loci | None = None,
) -> list[MotifStatistics]:
    """What each motif's matches carry, in the motifs' order, of one target's contributions (N, L).

    `null` are the matches of `null_motifs`, found in the same way. The p-value is that of
    `clustered_rank_sum` between the excess of the motif's matches and of its null's, with the weights of
    `Summary`; the clusters are those of `loci`, or the sequences. The excess is importance less what as many
    average bases of the sequence carry, so that neither sequences in which everything counts more nor a
    motif's preference for them is taken for importance. Where `loci` say that sequences overlap, a match
    counts in one of them, and what is no base is none of the average ones. Raises InputError where the null
    has other motifs.
    """
    bases = contributions.shape[1] if loci is None else np.maximum(loci.bases, 1)
    importance = ImportanceSums(
        importance_of(matches, contributions),
        importance_of(null, contributions),
        contributions.sum(axis=1, dtype=np.float64) / bases,
    )
    return statistics_of(matches, null, target, importance, strong, loci)


class ImportanceSums(NamedTuple):
    """What one target's contributions come to."""

    matches: np.ndarray  # (K,) under each match
    null: np.ndarray  # (M,) under each of the null's
    per_base: np.ndarray  # (N,) of an average base of each row


def statistics_of(
    matches: Matches,
    null: Matches,
    target: str,
    importance: ImportanceSums,
    strong: float = STRONG,
    loci: Loci | None = None,
) -> list[MotifStatistics]:
    """The same as `motif_statistics`, from what the contributions come to."""
    if [pwm.name for pwm in matches.motifs] != [pwm.name for pwm in null.motifs]:
        raise InputError("the null's matches must be those of the same motifs, with their columns shuffled")
    pairs = zip(
        _by_motif(matches, importance.matches, importance.per_base, strong, loci),
        _by_motif(null, importance.null, importance.per_base, strong, loci),
        strict=True,
    )
    rows = [
        _comparison(target, pwm, observed, by_chance, strong)
        for pwm, (observed, by_chance) in zip(matches.motifs, pairs, strict=True)
    ]
    corrected = benjamini_hochberg(np.array([row.p_value for row in rows]))
    tested = [row._replace(q_value=float(q)) for row, q in zip(rows, corrected, strict=True)]
    largest = max((abs(row.difference) for row in tested if row.sure), default=math.nan)
    return [row._replace(effect=abs(row.difference) / largest) for row in tested]


def _by_motif(
    matches: Matches, importance: np.ndarray, mean: np.ndarray, strong: float, loci: Loci | None
) -> list[_Values]:
    if loci is not None:
        counting = counting_matches(matches, loci)
        matches, importance = matches.select(counting), importance[counting]
    width = matches.end - matches.start
    excess = importance - mean[matches.sequence] * width
    weights = 1 / (1 + np.exp(strong - matches.log_odds.astype(np.float64)))
    clusters = matches.sequence if loci is None else loci.clusters(matches.sequence, matches.start, width)
    columns = importance, excess, matches.log_odds, weights, clusters
    return [_Values(*(column[which] for column in columns)) for _, which in matches.by_motif()]


def counting_matches(matches: Matches, loci: Loci) -> np.ndarray:
    """Which matches (K,) count: of those of one place on the genome that several sequences hold, one."""
    return loci.counts(matches.sequence, matches.start, matches.end - matches.start)


def _comparison(
    target: str, pwm: PWM, observed: _Values, by_chance: _Values, strong: float
) -> MotifStatistics:
    summary, null = _summary(observed, strong), _summary(by_chance, strong)
    p_value = _p_value(observed, by_chance) if summary.matches and null.matches else math.nan
    difference = summary.carried - null.carried
    return MotifStatistics(
        target, pwm.name, pwm.width, summary, null, difference, p_value, math.nan, math.nan
    )


def _p_value(observed: _Values, by_chance: _Values) -> float:
    both = _Values(*map(np.concatenate, zip(observed, by_chance, strict=True)))
    signs = np.repeat([1.0, -1.0], [len(observed.excess), len(by_chance.excess)])
    return clustered_rank_sum(both.excess, signs, both.weights, both.cluster)


def _summary(values: _Values, strong: float) -> Summary:
    if not len(values.importance):
        return Summary(0, 0, math.nan, math.nan, math.nan, math.nan)
    clear = values.importance[values.log_odds >= strong].astype(np.float64)
    return Summary(
        matches=len(values.importance),
        strong=len(clear),
        mean_importance=float(clear.mean()) if len(clear) else math.nan,
        share_not_positive=float((clear <= 0).mean()) if len(clear) else math.nan,
        spearman=spearman(values.importance, values.log_odds),
        carried=float(np.average(values.importance, weights=values.weights)),
    )
