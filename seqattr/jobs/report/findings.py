"""What is to be told of one target: its motifs' statistics, what they leave unexplained, what to draw."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest

import numpy as np

from seqattr.dna.loci import Loci
from seqattr.evaluate.verdict import Verdict
from seqattr.figures.logos import Box
from seqattr.jobs.report.excerpts import DRAWN_BASES, Window
from seqattr.motifs.matches import Matches
from seqattr.motifs.seqlets import Nearest, Seqlets
from seqattr.motifs.statistics import MotifStatistics


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
    windows: list[Window]  # of the strongest sequences, the strongest first
    verdict: Verdict

    @property
    def carrying(self) -> list[str]:
        """The motifs that are seen to carry something, the clearest first."""
        return [row.motif for row in ranked(self.statistics) if row.carries]


def ranked(rows: Iterable[MotifStatistics]) -> list[MotifStatistics]:
    """Motifs and targets, the clearest first: by q-value, then by what is carried."""
    return sorted(rows, key=lambda row: (_last(row.q_value), _last(-abs(row.observed.carried))))


def _last(value: float) -> float:
    return math.inf if math.isnan(value) else value


def in_turns(findings: Sequence[Findings], loci: Loci, count: int) -> list[tuple[Findings, Window]]:
    """The windows to draw: each target's strongest in turn, a sequence and a place once, then by target."""
    rounds = zip_longest(*(each.windows for each in findings))
    turns = [
        (each, window)
        for windows in rounds
        for each, window in zip(findings, windows, strict=True)
        if window is not None
    ]
    first = {window.row: number for number, (_, window) in reversed(list(enumerate(turns)))}
    kept = [turns[number] for number in sorted(first.values())]
    places = np.array([(window.row, window.start) for _, window in kept], np.int64).reshape(-1, 2)
    apart = loci.apart(places[:, 0], places[:, 1], DRAWN_BASES)
    taken = [kept[number] for number in islice(apart, count)]
    order = {each.target: number for number, each in enumerate(findings)}
    return sorted(taken, key=lambda pair: order[pair[0].target])


def boxes_in(window: Window, findings: Findings, matches: Matches, strong: float) -> list[Box]:
    """Boxes for the strong matches in a window: of the motifs that carry something, else of all.

    Of two over each other the one is kept that is more like the hypothetical contributions there.
    """
    own = np.arange(*np.searchsorted(matches.sequence, [window.row, window.row + 1]))
    clear = matches.select(own[matches.log_odds[own] >= strong])
    carrying = set(findings.carrying)
    some = clear.select(np.array([name in carrying or not carrying for name in clear.names], bool))
    return clear_boxes(some, some.targets[findings.target].cosine, window.start, window.end)


def clear_boxes(matches: Matches, goodness: np.ndarray, start: int, end: int) -> list[Box]:
    """Boxes for the matches of one sequence that lie at least half in [start, end), cut to it.

    Of two that share more than a quarter of the shorter, the better is kept.
    """
    kept: list[Box] = []
    names, ends = matches.names, matches.end
    for number in np.argsort(-goodness, kind="stable"):
        whole = Box(int(matches.start[number]), int(ends[number]), names[number])
        box = Box(max(whole.start, start), min(whole.end, end), whole.name)
        visible = 2 * (box.end - box.start) >= whole.end - whole.start
        if visible and not any(_hides(other, box) for other in kept):
            kept.append(box)
    return sorted(kept)


def _hides(one: Box, other: Box) -> bool:
    common = min(one.end, other.end) - max(one.start, other.start)
    return 4 * common > min(one.end - one.start, other.end - other.start)
