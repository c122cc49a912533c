"""What was found of a target, in plain words."""

from typing import NamedTuple

from seqattr.figures.numbers import number, share
from seqattr.jobs.report.findings import Findings
from seqattr.jobs.report.pictures import unit_of
from seqattr.motifs.groups import GroupStatistics

MOST_TOLD = 5  # groups that a sentence names


class Story(NamedTuple):
    """Of one target: what hits explain of its contributions, and of each leading group name and sentence."""

    label: str
    unit: str
    explained: str
    groups: list[tuple[str, str]]
    more: int  # groups that carry too


def story_of(findings: Findings) -> Story:
    """The groups that carry most first."""
    carrying = [row for row in findings.groups if row.carries]
    unit = unit_of(findings)
    return Story(
        findings.label,
        unit,
        explained_in_words(findings),
        [(row.group, group_in_words(row, unit)) for row in carrying[:MOST_TOLD]],
        max(0, len(carrying) - MOST_TOLD),
    )


def explained_in_words(findings: Findings) -> str:
    """How much of either sign hits explain, and how much those of shuffled motifs."""
    of = findings.hits.explained
    positive = of.positive_by_hits / of.positive if of.positive else 0.0
    negative = of.negative_by_hits / of.negative if of.negative else 0.0
    chance = sum(row.share_by_chance for row in findings.groups)
    signs = f"{share(positive)} of all positive and {share(negative)} of all negative contribution"
    both = f"{share(findings.explained)} of both (those of shuffled motifs {share(chance)})"
    return f"{len(findings.counted):,} hits explain {signs}, {both}"


def group_in_words(row: GroupStatistics, unit: str) -> str:
    """What a group explains, by how many hits, and what one of them is worth."""
    way = "against the target" if row.mean_importance < 0 else "for it"
    times = "hit" if row.hits == 1 else "hits"
    worth = f"{number(row.mean_importance)} {unit}" if len(unit) < 12 else number(row.mean_importance)
    return f"{share(row.share)} of all contributions, by {row.hits:,} {times} that count {way}, {worth} each"
