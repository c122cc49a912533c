"""The tables of the page: groups of motifs of one target, and of all targets side by side."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from seqattr.figures.numbers import column, share, sortable, tiny
from seqattr.jobs.report.findings import Evidence, Findings
from seqattr.motifs.groups import GroupStatistics

MOST_ROWS = 40  # of a target's table
QUIET_ROWS = 8  # of them, groups that do not carry
MOST_MEMBERS = 40  # that are named of a group
MOST_GROUPS = 40  # side by side
MOST_TARGETS = 60  # side by side
DEEPEST = 0.6  # how opaque the colour of the largest share is


class Cell(NamedTuple):
    """A number as it is shown, and as the page sorts it."""

    text: str
    value: str


@dataclass(frozen=True)
class GroupRow:
    """One group for one target: its cells under COLUMNS, and in words why it carries or does not."""

    group: str
    members: tuple[str, ...]  # beside the one that it is named after
    unnamed: int  # members that are left out
    carries: bool
    verdict: str
    cells: tuple[Cell, ...]


class Column(NamedTuple):
    """A heading, what it says, and how its numbers are written; those without a way have one together."""

    name: str
    help: str
    field: str
    text: Callable[[float], str] | None


def whole(value: float) -> str:
    """A count."""
    return f"{round(value):,}"


def probability(value: float) -> str:
    """A q-value; of the normal distribution's farthest tail no more than a bound is told."""
    return "< 1e-300" if value < 1e-300 else tiny(value)


COLUMNS = (
    Column("share", "of all contributions, what the group's hits explain", "share", share),
    Column("of +", "of all positive contributions", "share_positive", share),
    Column("of −", "of all negative contributions", "share_negative", share),
    Column("hits", "matches whose contributions look like the motif's, sure or not", "hits", whole),
    Column("sure", "of these, the hits that are sure one by one, which figures box", "sure_hits", whole),
    Column(
        "by chance",
        "hits of the motifs' twins, had these matched as often",
        "by_chance",
        whole,
    ),
    Column("mean", "importance of a hit: the sum of contributions under it", "mean_importance", None),
    Column("null", "the same of the twins' hits: what chance carries", "null", None),
    Column(
        "q",
        "how surely the group explains more than its twins, corrected for the number of groups",
        "q_value",
        probability,
    ),
)
IMPORTANCES = tuple(one.field for one in COLUMNS if one.text is None)


def group_rows(findings: Findings) -> list[GroupRow]:
    """The groups that explain most, those that carry before the others."""
    some = sorted((row for row in findings.groups if row.hits), key=lambda row: (not row.carries, -row.share))
    shown = some[: min(MOST_ROWS, sum(row.carries for row in some) + QUIET_ROWS)]
    columns = cells_of(shown)
    return [
        GroupRow(
            row.group,
            row.members[1 : 1 + MOST_MEMBERS],
            max(0, len(row.members) - 1 - MOST_MEMBERS),
            row.carries,
            verdict_of(row),
            cells,
        )
        for row, cells in zip(shown, zip(*columns, strict=True), strict=True)
    ]


def cells_of(rows: Sequence[GroupStatistics]) -> list[list[Cell]]:
    """The cells of all COLUMNS; importances have the same decimals in both of theirs."""
    joint = column([getattr(row, field) for field in IMPORTANCES for row in rows])
    cells = []
    for one in COLUMNS:
        values = [float(getattr(row, one.field)) for row in rows]
        if one.text is None:
            first = len(rows) * IMPORTANCES.index(one.field)
            texts = joint[first : first + len(rows)]
        else:
            texts = [one.text(value) for value in values]
        cells.append([Cell(text, sortable(value)) for text, value in zip(texts, values, strict=True)])
    return cells


def verdict_of(row: GroupStatistics) -> str:
    """Why a group carries importance, or does not, in a word or two."""
    if row.carries:
        against = "" if row.mean_importance >= 0 else ", against"
        return f"carries{against}{'' if row.sure_hits else '; no single hit is sure'}"
    return "sure, but too small to count" if row.sure else "may be chance"


# --- side by side ----------------------------------------------------------------------------------


class Shade(NamedTuple):
    """A share, how deep it is coloured (0 to DEEPEST), whether it counts against and whether it carries."""

    text: str
    value: str
    depth: float
    negative: bool
    carries: bool


class Comparison(NamedTuple):
    """Groups by targets; what is left out of either."""

    targets: list[str]
    rows: list[tuple[str, list[Shade]]]
    groups_left: int
    targets_left: int


def side_by_side(evidence: Evidence) -> Comparison | None:
    """The groups that carry anywhere, and the share of each in every target; None for a single target."""
    if len(evidence.findings) < 2 or not evidence.carrying:
        return None
    shown = evidence.findings[:MOST_TARGETS]
    groups = evidence.carrying[:MOST_GROUPS]
    tables = [{row.group: row for row in one.groups} for one in shown]
    largest = max((table[name].share for table in tables for name in groups if name in table), default=0.0)
    rows = [(name, [shade_of(table.get(name), largest) for table in tables]) for name in groups]
    return Comparison(
        [one.label for one in shown],
        rows,
        len(evidence.carrying) - len(groups),
        len(evidence.findings) - len(shown),
    )


def shade_of(row: GroupStatistics | None, largest: float) -> Shade:
    """A group in one target, the deeper the more it explains beside the largest."""
    if row is None or not row.hits:
        return Shade("–", "0", 0, False, False)
    depth = DEEPEST * (row.share / largest) ** 0.5 if row.carries and largest else 0.0
    return Shade(share(row.share), sortable(row.share), round(depth, 3), row.mean_importance < 0, row.carries)
