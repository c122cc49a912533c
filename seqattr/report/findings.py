"""What is to be told of one target: its motifs' statistics, what they leave unexplained, what to draw."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest
from typing import NamedTuple

import numpy as np

from seqattr.alphabet import ALPHABET
from seqattr.io.hdf5 import Contributions
from seqattr.loci import Loci
from seqattr.matches import Matches
from seqattr.motif_statistics import MotifStatistics, motif_statistics
from seqattr.report.figures import Box
from seqattr.seqlets import WINDOW, Nearest, Seqlets, find_seqlets, nearest_motifs, unexplained
from seqattr.verdict import Verdict

# What a screen shows legibly of one sequence.
DRAWN_BASES = 120
# The largest seqlets are compared with the motifs; thousands would take minutes in a large collection.
MOST_SEQLETS = 500


class Window(NamedTuple):
    """The bases [start, end) of a row, the strongest of it."""

    row: int
    start: int
    contributions: np.ndarray  # (w,)
    one_hot: np.ndarray  # (4, w)

    @property
    def end(self) -> int:
        return self.start + len(self.contributions)


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


def examine(
    target: str,
    scores: Contributions,
    matches: Matches,
    null: Matches,
    loci: Loci,
    strong: float,
    drawn: int,
) -> Findings:
    """All findings of one target, from the matches as they were measured for it, and those of the null."""
    values, known = scores.contributions, np.asarray(scores.one_hot.any(axis=1))
    statistics = motif_statistics(matches, null, target, values, strong, loci)
    found = find_seqlets(values, min(WINDOW, values.shape[1]), known=known, loci=loci)
    explaining = matches.select(explains(matches, statistics, strong))
    missed = found.select(unexplained(found, explaining, target))
    largest = missed.select(np.arange(min(len(missed), MOST_SEQLETS)))
    return Findings(
        target,
        statistics,
        len(found),
        len(missed),
        largest,
        nearest_motifs(largest.cut(scores.hypothetical), matches.motifs, background=matches.background),
        [text_of(one_hot) for one_hot in largest.cut(scores.one_hot)],
        strongest_windows(scores, loci, drawn),
        Verdict.of(scores.additivity_error, scores.cancellation),
    )


def explains(matches: Matches, statistics: Sequence[MotifStatistics], strong: float) -> np.ndarray:
    """The strong matches (K,) of motifs that carry something."""
    carries = np.array([row.carries for row in statistics], bool)
    mask: np.ndarray = carries[matches.motif] & (matches.log_odds >= strong)
    return mask


def ranked(rows: Iterable[MotifStatistics]) -> list[MotifStatistics]:
    """Motifs and targets, the clearest first: by q-value, then by what is carried."""
    return sorted(rows, key=lambda row: (_last(row.q_value), _last(-abs(row.found.carried))))


def _last(value: float) -> float:
    return math.inf if math.isnan(value) else value


def text_of(one_hot: np.ndarray) -> str:
    """Letters of (4, w), N where there is none."""
    letters = np.where(one_hot.any(axis=0), np.array(list(ALPHABET))[one_hot.argmax(axis=0)], "N")
    return "".join(letters.tolist())


def strongest_windows(scores: Contributions, loci: Loci, count: int) -> list[Window]:
    """The windows whose contributions sum to most in absolute value, at most one of each sequence.

    They begin and end with a base at the latest, and those of overlapping sequences do not overlap.
    """
    rows, starts, widths = _strongest(abs(scores.contributions), loci)
    apart = islice(loci.apart(rows, starts, DRAWN_BASES), count)
    return [
        Window(
            int(rows[number]),
            int(starts[number]),
            scores.contributions[rows[number], starts[number] : starts[number] + widths[number]],
            scores.one_hot[rows[number]][:, starts[number] : starts[number] + widths[number]],
        )
        for number in apart
    ]


def _strongest(sizes: np.ndarray, loci: Loci) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The strongest window of each row that has one: rows, starts and widths, the strongest first."""
    widths = np.minimum(loci.end - loci.first, DRAWN_BASES)
    upto = np.pad(sizes.cumsum(axis=1, dtype=np.float64), [(0, 0), (1, 0)])
    best, starts = np.full(len(sizes), -np.inf), np.zeros(len(sizes), np.int64)
    for width in np.unique(widths[widths > 0]).tolist():
        rows = np.flatnonzero(widths == width)
        sums = upto[rows, width:] - upto[rows, :-width]
        begin, end = loci.own(width)[rows].T[:, :, None]
        at = np.arange(sums.shape[1])
        sums[(at < begin) | (at >= end)] = -np.inf
        starts[rows], best[rows] = sums.argmax(axis=1), sums.max(axis=1)
    rows = np.argsort(-best, kind="stable")[: np.isfinite(best).sum()]
    return rows, starts[rows], widths[rows]


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
