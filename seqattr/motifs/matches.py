"""Where motifs match sequences, and what contributions say of each match.

Reverse complementing the sequences and their contributions mirrors everything here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from seqattr.errors import InputError
from seqattr.motifs.pwm import PWM

STRONG = 7.0  # the log-odds from which the paper calls a match strong (section 4.2)

# The columns of Matches that scanning fills.
COLUMNS = {
    "sequence": np.int32,
    "start": np.int32,
    "motif": np.int32,
    "strand": np.int8,
    "log_odds": np.float32,
}


class MatchImportance(NamedTuple):
    """What one target's contributions say of K matches: (K,) each."""

    importance: np.ndarray  # the sum of contributions under the match
    share: np.ndarray  # importance / sum of all the sequence's absolute contributions, from -1 to 1
    rank: np.ndarray  # 1 for the largest importance among the sequence's matches; equals share one
    cosine: np.ndarray  # between hypothetical contributions and log-odds, both less their mean per position


@dataclass(frozen=True, eq=False)
class Matches:
    """K matches in sequences, in the order of sequence, start, motif and strand.

    Starts and ends are a sequence's own, 0-based and half-open, whichever the strand.
    """

    motifs: tuple[PWM, ...]
    background: np.ndarray  # (4,)
    sequence: np.ndarray  # (K,) int32
    start: np.ndarray  # (K,) int32
    motif: np.ndarray  # (K,) int32, which of `motifs`
    strand: np.ndarray  # (K,) int8, 1 or -1
    log_odds: np.ndarray  # (K,) float32

    def __len__(self) -> int:
        return len(self.sequence)

    @property
    def end(self) -> np.ndarray:
        """(K,) behind the last base."""
        return self.start + np.array([pwm.width for pwm in self.motifs], np.int32)[self.motif]

    @property
    def names(self) -> list[str]:
        """The motif of each match."""
        names = [pwm.name for pwm in self.motifs]
        return [names[motif] for motif in self.motif.tolist()]

    def select(self, which: np.ndarray | slice) -> "Matches":
        """The matches of a mask or of some indices."""
        return replace(self, **{name: getattr(self, name)[which] for name in COLUMNS})

    def by_motif(self) -> Iterator[tuple[PWM, np.ndarray]]:
        """Each motif with the indices of its matches, in order."""
        order = np.argsort(self.motif, kind="stable")
        ends = np.bincount(self.motif, minlength=len(self.motifs)).cumsum()
        yield from zip(self.motifs, np.split(order, ends[:-1]), strict=True)


def sort_matches(matches: Matches) -> Matches:
    """The matches by sequence, start, motif and strand."""
    return matches.select(np.lexsort((-matches.strand, matches.motif, matches.start, matches.sequence)))


def concatenate_matches(parts: Sequence[Matches]) -> Matches:
    """The matches of the same motifs, found apart, together in order."""
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts]) for name in COLUMNS
    }
    return sort_matches(replace(parts[0], **columns))


def prefers_other_strand(values: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Which rows (N,) of values (N, L) to treat as those of the other strand, `other` (N, L), instead.

    It is the lesser of the two, whichever was given: so ties are settled alike for both strands.
    """
    row, first = np.arange(len(values)), (values != other).argmax(axis=1)
    backwards: np.ndarray = other[row, first] < values[row, first]
    return backwards


def measure_rows(matches: Matches, contributions: np.ndarray, hypothetical: np.ndarray) -> MatchImportance:
    """What contributions (B, L) and hypothetical ones (B, 4, L) say of the matches in as many rows.

    Raises InputError where they do not fit.
    """
    importance = importance_of(matches, contributions)
    share = share_of(matches, importance, contributions).astype(np.float32)
    rank = _rank(matches.sequence, importance)
    return MatchImportance(importance, share, rank, _cosine(matches, hypothetical))


def importance_of(
    matches: Matches, contributions: np.ndarray, dtype: type[np.floating] = np.float32
) -> np.ndarray:
    """The sum of contributions (N, L) under each match, (K,).

    As float32 it is rounded, so that equals are equal. Raises InputError where the contributions are those of
    other sequences.
    """
    count, length = contributions.shape
    if len(matches) and (matches.sequence.max() >= count or matches.end.max() > length):
        raise InputError(f"contributions of {count} sequences of {length} bases are not those of the matches")
    upto = np.zeros((count, length + 1))
    contributions.cumsum(axis=1, dtype=np.float64, out=upto[:, 1:])
    sums = upto[matches.sequence, matches.end] - upto[matches.sequence, matches.start]
    return np.asarray(sums, dtype)


def share_of(matches: Matches, importance: np.ndarray, contributions: np.ndarray) -> np.ndarray:
    """The importance (K,) as a share of all absolute contributions (N, L) of the match's sequence."""
    total = abs(contributions).sum(axis=1, dtype=np.float64)
    shares: np.ndarray = importance / np.where(total > 0, total, 1)[matches.sequence]
    return shares


def _rank(sequence: np.ndarray, importance: np.ndarray) -> np.ndarray:
    rank = np.empty(len(sequence), np.int32)
    bounds = np.flatnonzero(np.diff(sequence, prepend=-1, append=-1))
    for first, last in pairwise(bounds):
        values = importance[first:last]
        rank[first:last] = len(values) + 1 - np.searchsorted(np.sort(values), values, side="right")
    return rank


def _cosine(matches: Matches, hypothetical: np.ndarray) -> np.ndarray:
    centred = hypothetical - hypothetical.mean(axis=1, keepdims=True)
    columns = np.ascontiguousarray(centred.transpose(0, 2, 1), np.float32)
    cosine = np.zeros(len(matches), np.float32)
    for pwm, which in matches.by_motif():
        if not len(which):
            continue
        odds = pwm.log_odds(matches.background)
        forward = (odds - odds.mean(axis=0)).T
        positions = matches.start[which][:, None] + np.arange(pwm.width)
        seen = columns[matches.sequence[which][:, None], positions]
        strands = np.stack([forward, forward[::-1, ::-1]]).astype(np.float32)
        dots = np.einsum("kwc,swc->ks", seen, strands)
        dot = np.where(matches.strand[which] > 0, dots[:, 0], dots[:, 1])
        norm = np.sqrt(np.einsum("kwc,kwc->k", seen, seen) * (forward**2).sum())
        cosine[which] = np.divide(dot, norm, out=np.zeros_like(dot), where=norm > 0)
    return cosine
