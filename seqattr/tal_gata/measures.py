"""The TAL-GATA benchmark: do contributions credit the motifs that were planted, and only those?

Shrikumar, Greenside & Kundaje 2017, section 4.2 and appendices E, I, J: matches of the two PWMs (the five
best per motif and sequence) against the importance under them, in sequences that hold both motifs.
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from seqattr.data.simulate import TASKS, Simulation
from seqattr.dna.alphabet import one_hot
from seqattr.motifs.matches import STRONG, Matches, importance_of
from seqattr.motifs.pwm import GATA1, TAL1
from seqattr.motifs.scan import Pick, find_matches
from seqattr.support.ranks import auroc

Contributions = Mapping[str, npt.NDArray[np.floating]]  # task -> (N, L)

TOP = 5
CREDIT = 0.1  # of a motif's own median: above it, and above nothing, a match is said to be credited
# Each motif's own task, and the one it should have no part in.
OWN = {TAL1.name: "TAL1", GATA1.name: "GATA1"}
OTHER = {TAL1.name: "GATA1", GATA1.name: "TAL1"}


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


def find(simulation: Simulation) -> Matches:
    """The paper's matches: the five best of each motif in each sequence, on the forward strand.

    They come motif by motif and, in each sequence, the best first. Their log-odds are exact, in float64.
    """
    background = np.array(simulation.settings.background)
    pick = Pick(TOP, strand="forward")
    matches = find_matches(one_hot(simulation.codes), (TAL1, GATA1), pick, background)
    log_odds = np.empty(len(matches))
    for motif, which in matches.by_motif():
        positions = matches.start[which][:, None] + np.arange(motif.width)
        words = simulation.codes[matches.sequence[which][:, None], positions]
        log_odds[which] = motif.score(words, background)
    order = np.lexsort((matches.start, -log_odds, matches.sequence, matches.motif))
    return replace(matches, log_odds=log_odds).select(order)


def is_planted(simulation: Simulation, matches: Matches) -> npt.NDArray[np.bool_]:
    """Which matches (K,) are where their motif was planted."""
    sites = {(site.motif, site.sequence, site.start) for site in simulation.planted}
    keys = zip(matches.names, matches.sequence.tolist(), matches.start.tolist(), strict=True)
    return np.array([key in sites for key in keys], bool)


class Credit(NamedTuple):
    """What contributions give K matches: (K,) each, float64."""

    both: npt.NDArray[np.float64]  # importance in the task `both`
    own: npt.NDArray[np.float64]  # in the task of the match's motif
    other: npt.NDArray[np.float64]  # in that of the other motif
    least: npt.NDArray[np.float64]  # what a credited match exceeds


def credit(matches: Matches, contributions: Contributions, strong: npt.NDArray[np.bool_]) -> Credit:
    """What each match is given, and the least to count: a tenth of its motif's median in its own task."""
    importance = {task: importance_of(matches, values, np.float64) for task, values in contributions.items()}
    own_task, other, least = (np.zeros(len(matches)) for _ in range(3))
    for motif, which in matches.by_motif():
        own_task[which] = importance[OWN[motif.name]][which]
        other[which] = importance[OTHER[motif.name]][which]
        typical = own_task[which][strong[which]]
        least[which] = CREDIT * max(float(np.median(typical)), 0.0) if len(typical) else 0.0
    return Credit(importance["both"], own_task, other, least)


def measure(simulation: Simulation, matches: Matches, contributions: Contributions) -> dict[str, Measures]:
    """The measures of each motif, and of both pooled (`pooled`), in sequences that hold both.

    A sequence without values, NaN for some task, takes no part.
    """
    there = ~np.any([np.isnan(values).any(axis=1) for values in contributions.values()], axis=0)
    both = (simulation.labels[:, TASKS.index("both")] == 1) & there
    eligible = both[matches.sequence]
    strong = eligible & (matches.log_odds >= STRONG)
    given, truth = credit(matches, contributions, strong), is_planted(simulation, matches)
    base = base_level(simulation, contributions["both"], both)
    groups = {motif.name: matches.motif == number for number, motif in enumerate(matches.motifs)}
    groups["pooled"] = np.ones(len(matches), bool)
    return {
        name: Measures(
            int((group & strong).sum()),
            mean_of(given.both[group & strong] <= 0),
            mean_of((given.other > given.least)[group & strong]),
            *base,
            *precision_and_recall((given.own > given.least)[group & eligible], truth[group & eligible]),
        )
        for name, group in groups.items()
    }


def mean_of(mask: npt.NDArray[np.bool_]) -> float:
    """The share that is true."""
    return share_of(mask.sum(), len(mask))


def precision_and_recall(called: npt.NDArray[np.bool_], truth: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Of the matches that are credited against those that were planted."""
    hits = (called & truth).sum()
    return share_of(hits, called.sum()), share_of(hits, truth.sum())


def share_of(part: float, whole: float) -> float:
    """A share; NaN of nothing."""
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
