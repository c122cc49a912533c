"""Groups of redundant motifs, what the hits of each explain, and which groups carry importance."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from seqattr.dna.loci import Loci
from seqattr.motifs.hits import Explained, Hits, false_discovery_rates
from seqattr.motifs.pwm import PWM
from seqattr.motifs.similarity import tomtom_p_values
from seqattr.support.ranks import benjamini_hochberg, is_sure
from seqattr.support.resampling import signs_p_value

ALIKE = 1e-3  # the largest p-value by TOMTOM of two motifs of one group
# The least share of what the first group explains. What overlaps with a motif that carries much, or is what
# is left of it, is as sure as it is small.
LEAST_EFFECT = 0.05


@dataclass(frozen=True)
class Group:
    """Motifs that are alike, named after the one that explains most, which comes first."""

    name: str
    members: tuple[str, ...]


class GroupStatistics(NamedTuple):
    """What one group explains of one target; q-values are over the target's groups."""

    target: str
    group: str
    members: tuple[str, ...]
    hits: int  # sure or not, as what follows is of all of them
    sure_hits: int  # of them; 0 before they are judged
    by_chance: float  # those of their twins, if these matched as often
    share: float  # of all absolute contributions, what the hits explain
    share_by_chance: float  # what the twins' hits explain, if these matched as often
    share_positive: float  # of all positive contributions
    share_negative: float  # of all negative ones
    mean_importance: float  # of a hit; NaN where there is none
    null: float  # the same of the twins
    p_value: float  # that members and twins explain as much
    q_value: float
    effect: float  # the share as a part of the largest that is sure; NaN where none is

    @property
    def sure(self) -> bool:
        """Whether the group explains more than its twins, be it ever so little."""
        return is_sure(self.q_value)

    @property
    def carries(self) -> bool:
        """Whether the group is seen to explain something that counts."""
        return self.sure and self.effect >= LEAST_EFFECT


def group_motifs(motifs: Sequence[PWM], hits: Iterable[Hits] = (), alike: float = ALIKE) -> list[Group]:
    """Motifs that are as similar as TOMTOM's p-value `alike` to one that explains more than they do.

    Of the motifs that have hits in any target, or whose twins have; what a motif explains is summed over the
    targets. The groups are in the order of their first members.
    """
    targets = list(hits)
    explained = sum((_explained(one, len(motifs)) for one in targets), np.zeros(len(motifs)))
    present = sum((_present(one, len(motifs)) for one in targets), np.zeros(len(motifs), bool))
    some = np.flatnonzero(present) if targets else np.arange(len(motifs))
    if not len(some):
        return []
    order = some[np.argsort(-explained[some], kind="stable")]
    similar = tomtom_p_values([motifs[number] for number in order]) <= alike
    names = [motifs[number].name for number in order]
    free, groups = np.ones(len(order), bool), list[Group]()
    for number in range(len(order)):
        if free[number]:
            own = np.flatnonzero(free & similar[number])
            members = np.append(number, own[own != number])
            free[members] = False
            groups.append(Group(names[number], tuple(names[member] for member in members)))
    return groups


def _explained(hits: Hits, count: int) -> np.ndarray:
    """(M,) the share that each motif explains."""
    amount = np.where(hits.counts, hits.positive - hits.negative, 0)
    total = hits.explained.total
    return np.bincount(hits.matches.motif, amount, count) / (total if total > 0 else 1)


def _present(hits: Hits, count: int) -> np.ndarray:
    """Which motifs (M,) have hits, or twins that have."""
    numbers = [hits.matches.motif] + ([] if hits.by_chance is None else [hits.by_chance.matches.motif])
    return np.bincount(np.concatenate(numbers), minlength=count) > 0


def group_statistics(
    hits: Hits, groups: Sequence[Group], target: str, loci: Loci | None = None
) -> list[GroupStatistics]:
    """What each group explains of a target, those that explain most first.

    What twins explain is weighted as if they matched as often as the members do. If these explain no more,
    the difference of what both explain in a cluster (a sequence, or those that `loci` say hang together) may
    as well have the other sign: the p-value is that of `signs_p_value`.
    """
    rows = [_of_group(hits, group, target, loci) for group in groups]
    corrected = benjamini_hochberg(np.array([row.p_value for row in rows]))
    tested = [row._replace(q_value=float(q)) for row, q in zip(rows, corrected, strict=True)]
    largest = max((row.share for row in tested if row.sure), default=math.nan)
    tested = [row._replace(effect=row.share / largest) for row in tested]
    return sorted(tested, key=lambda row: -row.share)


def _of_group(hits: Hits, group: Group, target: str, loci: Loci | None) -> GroupStatistics:
    member = np.array([pwm.name in group.members for pwm in hits.matches.motifs], bool)
    matched, by_twins = hits.candidates[:, member].sum(axis=1)
    ratio = matched / max(by_twins, 1)
    members, twins = (_of_members(side, member) for side in (hits, hits.by_chance or hits.select(slice(0))))
    all_of = hits.explained
    return GroupStatistics(
        target,
        group.name,
        group.members,
        len(members),
        0,
        len(twins) * ratio,
        _part(_amounts(members).sum(), all_of.total),
        _part(_amounts(twins).sum() * ratio, all_of.total),
        _part(members.positive.sum(), all_of.positive),
        _part(members.negative.sum(), all_of.negative),
        float(members.importance.mean()) if len(members) else math.nan,
        float(twins.importance.mean()) if len(twins) else math.nan,
        _p_value(members, twins, ratio, loci),
        math.nan,
        math.nan,
    )


def _of_members(hits: Hits, member: np.ndarray) -> Hits:
    """Those of some of the motifs (M,) that count."""
    return hits.select(member[hits.matches.motif] & hits.counts)


def _amounts(hits: Hits) -> np.ndarray:
    """(H,) the absolute contributions that each hit explains."""
    return hits.positive - hits.negative


def _part(amount: float, total: float) -> float:
    return float(amount / total) if total else 0.0


def _p_value(members: Hits, twins: Hits, ratio: float, loci: Loci | None) -> float:
    """One-sided."""
    d = np.concatenate([_amounts(members), -ratio * _amounts(twins)])
    clusters = np.concatenate([_clusters(side, loci) for side in (members, twins)])
    _, numbers = np.unique(clusters, return_inverse=True)
    return signs_p_value(np.bincount(numbers, d).astype(np.float64))


def _clusters(hits: Hits, loci: Loci | None) -> np.ndarray:
    matches = hits.matches
    if loci is None:
        return matches.sequence
    return loci.clusters(matches.sequence, matches.start, matches.end - matches.start)


def judge(
    hits: Hits, groups: Sequence[Group], target: str, loci: Loci | None = None
) -> tuple[Hits, list[GroupStatistics]]:
    """The hits judged, and what each group explains, as `group_statistics` has it, with its sure hits."""
    statistics = group_statistics(hits, groups, target, loci)
    judged = judge_hits(hits, statistics)
    sure = Counter(judged.select(judged.sure & judged.counts).matches.names)
    counted = [row._replace(sure_hits=sum(sure[name] for name in row.members)) for row in statistics]
    return judged, counted


def judge_hits(hits: Hits, statistics: Sequence[GroupStatistics]) -> Hits:
    """The hits with q-values within their groups, of one target; `explained` is what the sure ones explain.

    It is that of Benjamini and Hochberg among the matches of the group's members, or the group's own q-value
    where that is larger: so in groups that are not sure no hit is, and groups that explain much do not pay
    for the chances of many that do not.
    """
    q_value = np.ones(len(hits))
    for row in statistics:
        member = np.isin([pwm.name for pwm in hits.matches.motifs], row.members)
        own = np.flatnonzero(member[hits.matches.motif])
        rates = false_discovery_rates(hits.select(own), int(hits.candidates[0, member].sum()))
        q_value[own] = np.maximum(rates, row.q_value)
    judged = replace(hits, q_value=q_value)
    sure = judged.select(judged.sure & hits.counts)
    by_hits = float(sure.positive.sum()), float(sure.negative.sum())
    return replace(judged, explained=Explained(hits.explained.positive, hits.explained.negative, *by_hits))
