"""Which pairs of motif matches work together: what two of them add to the output that neither does alone.

The matches of a sequence are its groups; a match is absent where its bases are those of a reference, and all
bases outside of the matches stay as in the sequence. Of a pair i, j

    I(i, j) = v(i, j) - v(i) - v(j) + v(none)

is the Harsanyi dividend (`effects`), with all other matches absent: so a third match that does the same, or
saturates the output, hides nothing of what the two do. It is averaged over references. As a null the groups
are moved to other places of the same sequence at which there is no strong match.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from seqattr.analyses.arrangements import INTERACT, UNKNOWN, verdict_of
from seqattr.evaluate.effects import ROWS, Predict, check_groups
from seqattr.methods.coalitions import mixtures
from seqattr.methods.gradients import seed_of
from seqattr.support.ranks import benjamini_hochberg, is_sure
from seqattr.support.resampling import FEWEST, interval, sign_flip_test


class Match(NamedTuple):
    """Where a motif matches one sequence: [start, end), and its log-odds."""

    motif: str
    start: int
    end: int
    log_odds: float


@dataclass(frozen=True)
class Instance:
    """Two matches in one sequence, in the order of their motifs' names; numbers (T,) of each target.

    `interaction` is I(i, j), `null` that of two windows as wide elsewhere in the sequence, NaN where there
    was no room, `difference` the sequence's output less its references'.
    """

    row: int
    first: Match
    second: Match
    interaction: npt.NDArray[np.float64]
    null: npt.NDArray[np.float64]
    difference: npt.NDArray[np.float64]

    @property
    def motifs(self) -> tuple[str, str]:
        return self.first.motif, self.second.motif

    @property
    def gap(self) -> int:
        """The bases between them."""
        return max(self.first.start, self.second.start) - min(self.first.end, self.second.end)


class Interaction(NamedTuple):
    """Two motifs and a target, over all sequences that have both.

    `mean` is that of the sequences' means with the ends of its bootstrap interval, `usual` the mean size of
    the sequences' differences, `null` the mean at other places, `p_value` of both being alike, NaN of
    fewer than FEWEST sequences; `gap` is the median number of bases between.
    """

    motifs: tuple[str, str]
    target: int
    sequences: int
    instances: int
    mean: float
    low: float
    high: float
    usual: float
    null: float
    p_value: float
    q_value: float
    gap: float

    @property
    def share(self) -> float:
        """The mean as a share of the usual difference."""
        return self.mean / self.usual if self.usual else float("nan")

    @property
    def shares(self) -> tuple[float, float]:
        """The ends of its interval as such shares."""
        return (self.low / self.usual, self.high / self.usual) if self.usual else (float("nan"),) * 2

    @property
    def verdict(self) -> str:
        """Whether the two interact or add up, as it is told of two motifs in backgrounds (`verdict_of`), here
        beside the usual difference. It cannot be told of fewer than FEWEST sequences, nor that two interact
        where two other places may do the same, or do more.
        """
        verdict = verdict_of(self.mean, self.low, self.high, self.usual)
        beyond = is_sure(self.q_value) and self.mean * (self.mean - self.null) > 0
        chance = verdict == INTERACT and not beyond
        return UNKNOWN if chance or self.sequences < FEWEST else verdict


# --- groups ----------------------------------------------------------------------------------------


def strongest(matches: Sequence[Match], most: int) -> list[Match]:
    """At most so many matches of which none overlaps a stronger one, in the order of their starts."""
    chosen: list[Match] = []
    for match in sorted(matches, key=lambda one: (-one.log_odds, one.start, one.motif)):
        if len(chosen) < most and not any(overlap(match, other) for other in chosen):
            chosen.append(match)
    return sorted(chosen, key=lambda one: one.start)


def overlap(one: Match, other: Match) -> bool:
    """Whether two matches share a base."""
    return one.start < other.end and other.start < one.end


def elsewhere(matches: Sequence[Match], free: Tensor, rng: np.random.Generator) -> list[Match] | None:
    """Windows as wide as the matches at random places of a sequence, within `free` (L,) and apart from each
    other; None where there is no room.
    """
    left, moved = free.numpy().copy(), []
    for match in matches:
        width = match.end - match.start
        room = np.flatnonzero(np.lib.stride_tricks.sliding_window_view(left, width).all(1))
        if not len(room):
            return None
        start = int(rng.choice(room))
        left[start : start + width] = False
        moved.append(match._replace(start=start, end=start + width))
    return moved


def masks(matches: Sequence[Match], length: int) -> Tensor:
    """(G, L)"""
    places = torch.arange(length)
    return torch.stack([(places >= match.start) & (places < match.end) for match in matches])


# --- of one sequence -------------------------------------------------------------------------------


def pair_effects(predict: Predict, sequence: Tensor, references: Tensor, groups: Tensor) -> Tensor:
    """I(i, j) of all pairs of G groups, (pairs, T) as `combinations` has them, mean of references (R, 4, L).

    As `dividends` of `worths` that keep the context are, from the coalitions of at most two groups alone.
    """
    number = len(groups)
    pairs = torch.tensor(list(combinations(range(number), 2)))
    members = torch.zeros(1 + number + len(pairs), number, dtype=torch.bool)
    members[1 + torch.arange(number), torch.arange(number)] = True
    members[1 + number + torch.arange(len(pairs))[:, None], pairs] = True
    rows = []
    for reference in references:
        check_groups(groups, sequence, reference)
        absent = torch.where(groups.any(0), reference, sequence)
        rows.append(mixtures(members, groups, sequence, absent))
    values = torch.cat([predict(some) for some in torch.cat(rows).split(ROWS)]).double()
    mean = values.unflatten(0, (len(references), -1)).mean(0)
    single = mean[1 : 1 + number]
    return mean[1 + number :] - single[pairs[:, 0]] - single[pairs[:, 1]] + mean[0]


class Case(NamedTuple):
    """A sequence (4, L), which row it is, its references (R, 4, L) and matches, and the bases `taken` (L,) by
    any match, which the null keeps away from.
    """

    row: int
    sequence: Tensor
    references: Tensor
    matches: Sequence[Match]
    taken: Tensor


def instances_of(predict: Predict, case: Case, seed: int = 0) -> Iterator[Instance]:
    """All pairs among the matches of a sequence; the null's places are drawn by the seed and the sequence."""
    if len(case.matches) < 2:
        return
    ends = predict(torch.cat([case.sequence[None], case.references])).double()
    difference = (ends[0] - ends[1:].mean(0)).numpy()
    free = (case.sequence.sum(0) > 0) & ~case.taken
    moved = elsewhere(case.matches, free, np.random.default_rng([seed, seed_of(case.sequence)]))
    effects = effects_at(predict, case, case.matches)
    null = np.full_like(effects, np.nan) if moved is None else effects_at(predict, case, moved)
    for number, pair in enumerate(combinations(case.matches, 2)):
        first, second = sorted(pair, key=lambda one: one.motif)
        yield Instance(case.row, first, second, effects[number], null[number], difference)


def effects_at(predict: Predict, case: Case, matches: Sequence[Match]) -> npt.NDArray[np.float64]:
    """(pairs, T)"""
    groups = masks(matches, case.sequence.shape[1])
    return pair_effects(predict, case.sequence, case.references, groups).numpy()


# --- over all sequences ----------------------------------------------------------------------------


def interactions_of(instances: Sequence[Instance], seed: int = 0) -> list[Interaction]:
    """One for each pair of motifs and each target, with the false discovery rate over all of them."""
    by_pair: dict[tuple[str, str], list[Instance]] = {}
    for one in instances:
        by_pair.setdefault(one.motifs, []).append(one)
    targets = len(instances[0].interaction) if instances else 0
    made = [
        interaction_of(motifs, some, target, seed)
        for motifs, some in sorted(by_pair.items())
        for target in range(targets)
    ]
    q_values = benjamini_hochberg(np.array([one.p_value for one in made]))
    return [one._replace(q_value=float(q)) for one, q in zip(made, q_values, strict=True)]


def interaction_of(
    motifs: tuple[str, str], instances: Sequence[Instance], target: int, seed: int
) -> Interaction:
    """Of one pair of motifs; each sequence counts once, by the mean of its instances."""
    rows = sorted({one.row for one in instances})
    found, null, size = (
        np.array(
            [np.mean([getattr(one, name)[target] for one in instances if one.row == row]) for row in rows]
        )
        for name in ("interaction", "null", "difference")
    )
    low, high = interval(found)
    usual, paired = float(np.abs(size).mean()), np.isfinite(null)
    return Interaction(
        motifs,
        target,
        len(rows),
        len(instances),
        float(found.mean()),
        low,
        high,
        usual,
        float(null[paired].mean()) if paired.any() else float("nan"),
        sign_flip_test((found - null)[paired], seed),
        float("nan"),
        float(np.median([one.gap for one in instances])),
    )
