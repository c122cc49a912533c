"""The TAL-GATA benchmark: do contributions credit the motifs that were planted, and only those?

Shrikumar, Greenside & Kundaje 2017, section 4.2 and appendices E, I, J: matches of the two PWMs (the five
best per motif and sequence) against the importance under them, in sequences that hold both motifs.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from seqattr.data.simulate import TASKS, Simulation
from seqattr.dna.alphabet import one_hot
from seqattr.motifs.pwm import GATA1, PWM, TAL1, scan, top_matches
from seqattr.support.ranks import auroc

Contributions = Mapping[str, npt.NDArray[np.floating]]  # task -> (N, L)

TOP = 5
STRONG = 7.0
CREDIT = 0.1  # of a motif's own median: above it, and above nothing, a match is said to be credited
# Each motif's own task, and the one it should have no part in.
OWN = {TAL1.name: "TAL1", GATA1.name: "GATA1"}
OTHER = {TAL1.name: "GATA1", GATA1.name: "TAL1"}


@dataclass(frozen=True)
class MotifMatches:
    """The matches of one motif: sequence (M), start (M), log_odds (M), and whether it was planted there."""

    motif: PWM
    sequence: npt.NDArray[np.intp]
    start: npt.NDArray[np.intp]
    log_odds: npt.NDArray[np.floating]
    planted: npt.NDArray[np.bool_]

    def importance(self, contributions: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        """The sum of contributions (N, L) under each match."""
        sums = np.cumsum(np.pad(contributions, ((0, 0), (1, 0))), axis=1, dtype=np.float64)
        return sums[self.sequence, self.start + self.motif.width] - sums[self.sequence, self.start]

    def where(self, mask: npt.NDArray[np.bool_]) -> "MotifMatches":
        """Some of the matches."""
        return MotifMatches(
            self.motif, self.sequence[mask], self.start[mask], self.log_odds[mask], self.planted[mask]
        )


class Measures(NamedTuple):
    """What a method reaches on sequences that hold both motifs; shares are of strong matches.

    `not_positive` is the share with importance <= 0 for the task `both` (Fig. 5b), `off_task` the share with
    importance above a tenth of the motif's own median in the other motif's task (above 0 where that median is
    negative). AUROC and average precision are those of per-base contributions to `both` against planted
    positions; precision and recall of the matches credited in the motif's own task against the planted ones.
    NaN where there is nothing to take a share of.
    """

    matches: int
    not_positive: float
    off_task: float
    auroc: float
    average_precision: float
    precision: float
    recall: float


def find(simulation: Simulation) -> list[MotifMatches]:
    """The paper's matches of both motifs: the five best of each in each sequence, on the forward strand."""
    sequences = one_hot(simulation.codes)
    return [matches_of(simulation, motif, sequences) for motif in (TAL1, GATA1)]


def matches_of(simulation: Simulation, motif: PWM, sequences: npt.NDArray[np.int8]) -> MotifMatches:
    scores = scan(motif, sequences, np.array(simulation.settings.background))
    found = top_matches(scores, TOP, motif.width)
    sites = {(site.sequence, site.start) for site in simulation.planted if site.motif == motif.name}
    planted = [(int(s), int(p)) in sites for s, p in zip(found["sequence"], found["start"], strict=True)]
    return MotifMatches(motif, found["sequence"], found["start"], found["log_odds"], np.array(planted, bool))


def measure(
    simulation: Simulation, matches: Sequence[MotifMatches], contributions: Contributions
) -> dict[str, Measures]:
    """The measures of each motif, and of both pooled (`pooled`), in sequences that hold both."""
    both = simulation.labels[:, TASKS.index("both")] == 1
    strong = [m.where(both[m.sequence] & (m.log_odds >= STRONG)) for m in matches]
    every = [m.where(both[m.sequence]) for m in matches]
    base = base_level(simulation, contributions["both"], both)
    groups = {m.motif.name: [i] for i, m in enumerate(matches)} | {"pooled": list(range(len(matches)))}
    return {
        name: Measures(
            sum(len(strong[i].start) for i in which),
            pooled([strong[i].importance(contributions["both"]) <= 0 for i in which]),
            pooled([off_task(strong[i], contributions) for i in which]),
            *base,
            *credited([every[i] for i in which], [strong[i] for i in which], contributions),
        )
        for name, which in groups.items()
    }


def pooled(masks: Sequence[npt.NDArray[np.bool_]]) -> float:
    """The share that is true."""
    together = np.concatenate(masks)
    return share_of(together.sum(), len(together))


def least_credit(strong: MotifMatches, contributions: Contributions) -> float:
    """What a credited match exceeds: a tenth of the median of the motif's strong matches in its own task."""
    own = strong.importance(contributions[OWN[strong.motif.name]])
    return CREDIT * max(float(np.median(own)), 0.0) if len(own) else 0.0


def off_task(strong: MotifMatches, contributions: Contributions) -> npt.NDArray[np.bool_]:
    """Which strong matches are credited in the other motif's task."""
    other = strong.importance(contributions[OTHER[strong.motif.name]])
    return other > least_credit(strong, contributions)


def credited(
    every: Sequence[MotifMatches], strong: Sequence[MotifMatches], contributions: Contributions
) -> tuple[float, float]:
    """Precision and recall of credited matches against planted ones."""
    called, planted = [], []
    for all_of_one, strong_ones in zip(every, strong, strict=True):
        own = all_of_one.importance(contributions[OWN[all_of_one.motif.name]])
        called.append(own > least_credit(strong_ones, contributions))
        planted.append(all_of_one.planted)
    call, truth = np.concatenate(called), np.concatenate(planted)
    hits = (call & truth).sum()
    return share_of(hits, call.sum()), share_of(hits, truth.sum())


def share_of(part: float, whole: float) -> float:
    return float(part / whole) if whole else math.nan


def base_level(
    simulation: Simulation, contributions: npt.NDArray[np.floating], rows: npt.NDArray[np.bool_]
) -> tuple[float, float]:
    """AUROC and average precision of contributions against planted positions, in these rows."""
    truth = np.zeros(simulation.codes.shape, bool)
    for site in simulation.planted:
        truth[site.sequence, site.start : site.end] = True
    scores, positive = contributions[rows].ravel(), truth[rows].ravel()
    area = auroc(scores, positive)
    return math.nan if area is None else area, average_precision(scores, positive)


def average_precision(scores: npt.NDArray[np.floating], positive: npt.NDArray[np.bool_]) -> float:
    """The mean, over true positions, of the precision among all that score at least as high."""
    order = np.argsort(-scores, kind="stable")
    ranked, truth = scores[order], positive[order]
    last = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)  # of each run of equal scores
    hits = np.cumsum(truth)[last]
    gained = np.diff(hits, prepend=0)
    return share_of((gained * hits / (last + 1)).sum(), truth.sum())
