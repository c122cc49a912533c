"""From a folder's files to its matches and findings, a block of rows at a time.

Of the rows only what grows with the matches is kept, and a few numbers of each.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from seqattr.dna.alphabet import ALPHABET
from seqattr.dna.loci import Loci
from seqattr.evaluate.verdict import Verdict
from seqattr.io.hdf5.rows import Column
from seqattr.io.hdf5.stored import StoredContributions
from seqattr.jobs.report.blocks import code_blocks, row_blocks, value_blocks
from seqattr.jobs.report.excerpts import StrongestExcerpts
from seqattr.jobs.report.findings import Findings
from seqattr.motifs.matches import (
    Matches,
    MatchImportance,
    concatenate_matches,
    importance_of,
    in_rows,
    measure_rows,
    shift_rows,
    with_importance,
)
from seqattr.motifs.scan import Scanner
from seqattr.motifs.seqlets import WINDOW, Search, Seqlets, nearest_motifs, without_match
from seqattr.motifs.statistics import ImportanceSums, MotifStatistics, statistics_of
from seqattr.motifs.windows import WindowCounts, count_windows

# The largest seqlets are compared with the motifs; thousands would take minutes in a large collection.
MOST_SEQLETS = 500


def matches_in(file: StoredContributions, scanner: Scanner, minus: np.ndarray) -> Matches:
    """The matches in all rows of an open file; `minus` (N,) as `find_matches` has it."""
    parts = [shift_rows(scanner.find(codes, minus[rows]), rows.start) for rows, codes in code_blocks(file)]
    return concatenate_matches([scanner.empty, *parts])


class Ground(NamedTuple):
    """What the findings of every target stand on: the same in the files of all of them."""

    loci: Loci
    null: Matches  # those of the motifs with their columns shuffled
    counted: WindowCounts  # the windows in which seqlets may be
    width: int  # of these windows


def ground_of(file: StoredContributions, null: Matches, loci: Loci) -> Ground:
    """From the open file of a target."""
    width = min(WINDOW, loci.length)
    known = (file.one_hot[rows].any(axis=1) for rows in row_blocks(file))
    return Ground(loci, null, count_windows(known, width, loci.counting_starts(width)), width)


def examine(
    target: str, file: StoredContributions, matches: Matches, ground: Ground, strong: float, drawn: int
) -> tuple[Matches, Findings]:
    """All findings of one target from its open file, and the matches as they were measured for it."""
    search = Search(ground.counted, ground.loci.counting_starts(ground.width), ground.width)
    strongest = StrongestExcerpts(ground.loci)
    matches, importance = first_pass(target, file, matches, ground, search, strongest)
    statistics = statistics_of(matches, ground.null, target, importance, strong, ground.loci)
    seqlets = seqlets_of(search, file, ground.loci)
    explaining = matches.select(explains(matches, statistics, strong))
    missed = seqlets.select(without_match(seqlets, explaining, target))
    largest = missed.select(np.arange(min(len(missed), MOST_SEQLETS)))
    hypothetical = read_in(file.hypothetical, largest).astype(np.float32)
    return matches, Findings(
        target,
        statistics,
        len(seqlets),
        len(missed),
        largest,
        nearest_motifs(hypothetical, matches.motifs, background=matches.background),
        [text_of(one_hot) for one_hot in read_in(file.one_hot, largest)],
        strongest.excerpts(file, drawn),
        Verdict.of(file.additivity_error, file.cancellation),
    )


def first_pass(
    target: str,
    file: StoredContributions,
    matches: Matches,
    ground: Ground,
    search: Search,
    strongest: StrongestExcerpts,
) -> tuple[Matches, ImportanceSums]:
    """The matches as they were measured, and all importance; seqlets and strongest are tallied too."""
    carried, by_chance, sums = list[MatchImportance](), list[np.ndarray](), list[np.ndarray]()
    for rows, values, known in value_blocks(file):
        hypothetical = file.hypothetical[rows].astype(np.float32)
        carried.append(measure_rows(in_rows(matches, rows), values, hypothetical))
        by_chance.append(importance_of(in_rows(ground.null, rows), values))
        sums.append(values.sum(axis=1, dtype=np.float64))
        search.tally(values, known)
        strongest.add(rows, values)
    matches = with_importance(matches, target, carried)
    mean = np.concatenate(sums) / np.maximum(ground.loci.bases, 1)
    return matches, ImportanceSums(matches.targets[target].importance, np.concatenate(by_chance), mean)


def seqlets_of(search: Search, file: StoredContributions, loci: Loci) -> Seqlets:
    """The seqlets, after the first pass over the file; where that did not settle them, by a second one."""
    if search.settle():
        for _, values, known in value_blocks(file):
            search.collect(values, known)
    return search.seqlets(loci)


def read_in(stored: Column, seqlets: Seqlets) -> np.ndarray:
    """What is stored (N, 4, L) in the seqlets, (S, 4, w); neighbours in the file are read together."""
    cut = np.zeros((len(seqlets), 4, seqlets.width), stored.dtype)
    for number in np.argsort(seqlets.sequence, kind="stable").tolist():
        start = int(seqlets.start[number])
        cut[number] = stored[int(seqlets.sequence[number]), :, start : start + seqlets.width]
    return cut


def explains(matches: Matches, statistics: Sequence[MotifStatistics], strong: float) -> np.ndarray:
    """The strong matches (K,) of motifs that carry something."""
    carries = np.array([row.carries for row in statistics], bool)
    mask: np.ndarray = carries[matches.motif] & (matches.log_odds >= strong)
    return mask


def text_of(one_hot: np.ndarray) -> str:
    """Letters of (4, w), N where there is none."""
    letters = np.where(one_hot.any(axis=0), np.array(list(ALPHABET))[one_hot.argmax(axis=0)], "N")
    return "".join(letters.tolist())
