"""What was found: of each target of each folder its hits, what groups of motifs explain, and the seqlets that
no sure hit explains; of all together the groups.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from seqattr.dna.loci import Loci
from seqattr.dna.places import Places
from seqattr.evaluate.additivity import Additivity
from seqattr.jobs.report.excerpts import Excerpt
from seqattr.jobs.report.scores import Scores
from seqattr.motifs.groups import Group, GroupStatistics
from seqattr.motifs.hits import Hits
from seqattr.motifs.pwm import PWM
from seqattr.motifs.seqlets import Nearest, Seqlets

LITTLE = 0.05  # the share of all contributions below which motifs hardly explain a model


@dataclass(frozen=True, eq=False)
class Source:
    """A folder of scores: the sequences that have values, and where they lie."""

    name: str  # of the folder, by which it is told from the others
    scores: Scores
    regions: Places
    loci: Loci
    minus: np.ndarray  # (N,), which were read as the other strand than that they lie on
    background: np.ndarray  # (4,)

    @property
    def length(self) -> int:
        """Bases of each sequence."""
        return self.loci.length

    @property
    def row_in_file(self) -> np.ndarray:
        """Where the sequences stand in the files of scores."""
        return np.flatnonzero(self.scores.has_values)

    def name_of(self, row: int) -> str:
        """What the user's file calls a sequence, or where it lies."""
        return self.regions[row].name or str(self.regions[row])


@dataclass(frozen=True, eq=False)
class Findings:
    """Of one target of one folder; `seqlets` are the largest of those that no sure hit explains.

    The label tells it from all others of the report: the target, with the folder where there are several.
    """

    label: str
    target: str
    source: Source
    hits: Hits
    groups: list[GroupStatistics]  # the one that explains most first
    found_seqlets: int
    unexplained_seqlets: int
    seqlets: Seqlets
    nearest: list[Nearest]
    bases: list[str]  # of each seqlet
    excerpts: list[Excerpt]  # of the strongest sequences, the strongest first
    verdict: Additivity

    @property
    def carrying(self) -> list[str]:
        """The groups that are seen to carry something, the one that explains most first."""
        return [row.group for row in self.groups if row.carries]

    @property
    def explained(self) -> float:
        """The share of all absolute contributions that sure hits explain."""
        part = self.hits.explained
        return (part.positive_by_hits - part.negative_by_hits) / part.total if part.total else 0.0

    @property
    def hardly(self) -> bool:
        """Whether there is much to explain, and neither sure hits nor groups that carry do."""
        groups = sum(row.share for row in self.groups if row.carries)
        return self.unexplained_seqlets > 0 and max(self.explained, groups) < LITTLE

    @property
    def counted(self) -> Hits:
        """The hits, each place once."""
        return self.hits.select(self.hits.counts)

    @property
    def believed(self) -> Hits:
        """The sure hits, each place once."""
        return self.hits.select(self.hits.counts & self.hits.sure)


class Evidence(NamedTuple):
    """All that was computed: what tables, figures and page are made of."""

    sources: list[Source]
    findings: list[Findings]  # folder by folder
    motifs: tuple[PWM, ...]
    groups: list[Group]  # over all findings together, the one that explains most anywhere first
    notes: list[str]

    @property
    def group_of(self) -> dict[str, str]:
        """The group of each motif that is in one."""
        return {member: group.name for group in self.groups for member in group.members}

    @property
    def carrying(self) -> list[str]:
        """The groups that carry something anywhere, in their order."""
        some = {name for one in self.findings for name in one.carrying}
        return [group.name for group in self.groups if group.name in some]

    @property
    def sequences(self) -> int:
        """That were looked at, of all folders."""
        return sum(len(source.loci) for source in self.sources)


def labels_of(sources: Sequence[Source]) -> list[list[str]]:
    """For each source a label of each of its targets: of several with the folder's name, if need be alone."""
    targets = [source.scores.targets for source in sources]
    if len(sources) == 1:
        return targets
    if all(of_one == targets[0] and len(of_one) == 1 for of_one in targets):
        return [[source.name] for source in sources]
    return [[f"{source.name}/{target}" for target in source.scores.targets] for source in sources]
