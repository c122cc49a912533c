"""What was found: of each target its motifs' statistics and the seqlets that these leave unexplained; of all
targets together the evidence.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from seqattr.dna.loci import Loci
from seqattr.dna.regions import Region
from seqattr.evaluate.verdict import Verdict
from seqattr.jobs.report.excerpts import Excerpt
from seqattr.jobs.report.scores import Scores
from seqattr.motifs.matches import Matches
from seqattr.motifs.seqlets import Nearest, Seqlets
from seqattr.motifs.statistics import MotifStatistics, counting_matches


@dataclass(frozen=True, eq=False)
class Findings:
    """Of one target; `seqlets` are the largest of those that no motif explains."""

    target: str
    statistics: list[MotifStatistics]
    found_seqlets: int
    unexplained_seqlets: int
    seqlets: Seqlets
    nearest: list[Nearest]
    bases: list[str]  # of each seqlet
    excerpts: list[Excerpt]  # of the strongest sequences, the strongest first
    verdict: Verdict

    @property
    def carrying(self) -> list[str]:
        """The motifs that are seen to carry something, the clearest first."""
        return [row.motif for row in by_clearness(self.statistics) if row.carries]


def by_clearness(rows: Iterable[MotifStatistics]) -> list[MotifStatistics]:
    """Motifs and targets, the clearest first: by q-value, then by what is carried."""
    return sorted(rows, key=lambda row: (_last(row.q_value), _last(-abs(row.observed.carried))))


def _last(value: float) -> float:
    return math.inf if math.isnan(value) else value


class Evidence(NamedTuple):
    """All that was computed, of the sequences that have values: what tables, figures and page are made of."""

    scores: Scores
    regions: list[Region]
    length: int
    loci: Loci
    matches: Matches  # all, also those that count in another row that holds the same place
    findings: list[Findings]
    notes: list[str]

    @property
    def each_locus_once(self) -> Matches:
        """The matches, each place once."""
        return self.matches.select(counting_matches(self.matches, self.loci))

    @property
    def row_in_file(self) -> np.ndarray:
        """Where the sequences stand in the files of scores."""
        return np.flatnonzero(self.scores.has_values)
