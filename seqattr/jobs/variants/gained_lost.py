"""Which hits come and go with variants: those that one allele has and the other lacks, importance and all.

A hit that one allele's contributions carry over a limit and the other's do not is no change where its bases
count as much in both.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from seqattr.jobs.report.boxes import Judged
from seqattr.jobs.variants.scored import Scored
from seqattr.motifs.hits import Hits

LEAST_CHANGE = 0.5  # the part of a hit's importance that the other allele lacks
COLUMNS = (  # of the table
    *("chrom", "start", "end", "ref", "alt", "name", "target", "change", "motif", "group", "strand"),
    *("window_start", "window_end", "reference_importance", "alternative_importance"),
    *("share", "similarity", "q_value"),
)
Stretch = tuple[int, int]


class Place(NamedTuple):
    """The row of the other allele, and where a hit lies there: as far from the variant's first base, or from
    its last; nowhere where that allele has none of its bases."""

    row: int
    stretches: Sequence[Stretch]


def changes_of(explained: Scored, judged: Judged) -> dict[str, list[object]]:
    """The sure hits of one allele, of groups that carry importance, that the other allele has not: it has no
    hit of the group there, sure or not, and lacks LEAST_CHANGE of the importance.
    """
    columns: dict[str, list[object]] = {name: [] for name in COLUMNS}
    for target, hits in judged.of_target.items():
        _, values = explained.values(target)
        groups = [judged.group_of.get(name, "") for name in hits.matches.names]
        carrying = [group in judged.carrying[target] for group in groups]
        for number in np.flatnonzero(hits.sure & np.array(carrying, bool)).tolist():
            place = place_in_other(explained, hits, number)
            there = importance_there(values[place.row], place, float(hits.importance[number]))
            if lacks(float(hits.importance[number]), there) and not found_there(hits, groups, number, place):
                cells = cells_of(explained, hits, number, there)
                for name, cell in {**cells, "target": target, "group": groups[number]}.items():
                    columns[name].append(cell)
    return columns


def lacks(here: float, there: float) -> bool:
    """Whether of a hit's importance in its allele the other lacks a considerable part."""
    return abs(here) > abs(there) and abs(here - there) >= LEAST_CHANGE * abs(here)


def place_in_other(explained: Scored, hits: Hits, number: int) -> Place:
    """Where a hit lies in the other allele. Read on the other strand that is the same.

    One that begins left of the allele lies where it does from the allele's first base on, and one that ends
    right of it from its last; one over all of it has both places, and one within it those alone that are
    within the other allele.
    """
    matches = hits.matches
    row, start, stop = (int(column[number]) for column in (matches.sequence, matches.start, matches.end))
    (begin, end), (first, last) = explained.allele(row), explained.allele(row ^ 1)
    inside = begin <= start and stop <= end
    shifts = [first - begin] if start < begin or inside else []
    shifts += [last - end] if (stop > end or inside) and last - end not in shifts else []
    stretches = [(start + shift, stop + shift) for shift in shifts]
    if inside:
        stretches = [(one, two) for one, two in stretches if first <= one and two <= last]
    return Place(row ^ 1, stretches)


def importance_there(values: np.ndarray, place: Place, here: float) -> float:
    """The sum of contributions (L,) at a hit's place; of two that which is nearer to the hit's own."""
    sums = [float(values[max(0, start) : max(0, stop)].sum()) for start, stop in place.stretches]
    return min(sums, key=lambda there: abs(there - here), default=0.0)


def found_there(hits: Hits, groups: Sequence[str], number: int, place: Place) -> bool:
    """Whether a hit of the same group has at least half of the shorter one's bases there.

    Of the same motif it is one on the same strand; others of a group may be read the other way round.
    """
    matches = hits.matches
    first, end = np.searchsorted(matches.sequence, [place.row, place.row + 1])
    for other in range(int(first), int(end)):
        turned = matches.strand[other] != matches.strand[number]
        same = groups[other] == groups[number] and not (
            turned and matches.motif[other] == matches.motif[number]
        )
        own = int(matches.start[other]), int(matches.end[other])
        if same and any(is_same(own, stretch) for stretch in place.stretches):
            return True
    return False


def is_same(one: Stretch, other: Stretch) -> bool:
    """Whether two stretches have at least half of the shorter one in common."""
    common = min(one[1], other[1]) - max(one[0], other[0])
    return 2 * common >= min(one[1] - one[0], other[1] - other[0])


def cells_of(explained: Scored, hits: Hits, number: int, there: float) -> dict[str, object]:
    """What the table says of a hit, but for its target and group."""
    matches, row = hits.matches, int(hits.matches.sequence[number])
    variant = explained.largest[row // 2].cut.variant
    here, gained = float(hits.importance[number]), row % 2 == 1
    return {
        "chrom": variant.chrom,
        "start": variant.start,
        "end": variant.end,
        "ref": variant.ref or "-",
        "alt": variant.alt or "-",
        "name": variant.name,
        "change": "gained" if gained else "lost",
        "motif": matches.motifs[matches.motif[number]].name,
        "strand": "+" if matches.strand[number] > 0 else "-",
        "window_start": int(matches.start[number]),
        "window_end": int(matches.end[number]),
        "reference_importance": there if gained else here,
        "alternative_importance": here if gained else there,
        "share": float(hits.share[number]),
        "similarity": float(hits.similarity[number]),
        "q_value": float(hits.q_value[number]),
    }
