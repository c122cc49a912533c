"""What was found of a target, in plain words."""

from collections.abc import Sequence
from typing import NamedTuple

from seqattr.figures.numbers import column, share
from seqattr.jobs.report.findings import Findings
from seqattr.jobs.report.pictures import unit_of
from seqattr.methods.units import LOG_COUNTS, LOGIT
from seqattr.motifs.groups import GroupStatistics

SHORT = (LOGIT, LOG_COUNTS)  # units that a number can have behind it
MOST_TOLD = 5  # groups that a sentence names
# A group is tested by all its hits together, each hit against the twins of all motifs.
NONE_SURE = "those of a group together explain more than chance, but which of them are real is not known"


class Story(NamedTuple):
    """Of one target: what hits explain of its contributions, and of each leading group name and sentence.

    `hardly` says that this is next to nothing, where it is.
    """

    label: str
    unit: str
    explained: str
    hardly: str
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
        hardly_in_words(findings),
        told_groups(carrying[:MOST_TOLD], unit),
        max(0, len(carrying) - MOST_TOLD),
    )


def explained_in_words(findings: Findings) -> str:
    """How many hits are sure, and how much of either sign these explain, all of one place once."""
    count, sure = len(findings.counted), len(findings.believed)
    if not sure:
        none = f"None of {count:,} hits is sure" if count > 1 else "The only hit is not sure"
        none = none if count else "There is no hit"
        return f"{none}: {NONE_SURE}" if findings.carrying else none
    of = findings.hits.explained
    positive = of.positive_by_hits / of.positive if of.positive else 0.0
    negative = of.negative_by_hits / of.negative if of.negative else 0.0
    signs = f"{share(positive)} of all positive and {share(negative)} of all negative contribution"
    are = "is sure and explains" if sure == 1 else "are sure and explain"
    hits = "hit" if count == 1 else "hits"
    return f"{sure:,} of {count:,} {hits} {are} {signs}, {share(findings.explained)} of both"


def hardly_in_words(findings: Findings) -> str:
    """What the motifs leave, where they explain next to nothing; empty otherwise."""
    if not findings.hardly:
        return ""
    missed = f"{findings.unexplained_seqlets:,} of {findings.found_seqlets:,} stretches of high contribution"
    return f"these motifs hardly explain this model: {missed} lie under no sure hit"


def told_groups(rows: Sequence[GroupStatistics], unit: str) -> list[tuple[str, str]]:
    """The name of each group, and in words what it explains."""
    means = column([row.mean_importance for row in rows])
    return [(row.group, group_in_words(row, mean, unit)) for row, mean in zip(rows, means, strict=True)]


def group_in_words(row: GroupStatistics, mean: str, unit: str) -> str:
    """What it explains, by how many hits, and what one is worth; motifs like it are not told apart."""
    others = len(row.members) - 1
    alike = f" or one of the {others} like it" if others > 1 else " or the one like it" if others else ""
    side = "against the target" if row.mean_importance < 0 else "for it"
    hits = "hit" if row.hits == 1 else "hits"
    worth = f"{mean} {unit}" if unit in SHORT else mean
    by = f"{row.hits:,} {hits} {side}, {sure_in_words(row)}"
    return f"{alike}: {share(row.share)} of all contributions, by {by}, {worth} each"


def sure_in_words(row: GroupStatistics) -> str:
    """How many of a group's hits are sure."""
    if row.hits == 1:
        return "which is sure" if row.sure_hits else "which is not sure by itself"
    if row.sure_hits == row.hits:
        return "all of them sure"
    return f"{row.sure_hits:,} of them sure" if row.sure_hits else "none of them sure by itself"
