"""The hits that a report boxes in its figures, for other figures of the same scores.

They are those of the report in the folder, or are judged in the same way on the folder's sequences.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from seqattr.dna.loci import Loci
from seqattr.errors import InputError
from seqattr.figures.boxes import Box
from seqattr.io.reading import text_lines
from seqattr.jobs.report.blocks import code_blocks, layout_of
from seqattr.jobs.report.examine import scanned
from seqattr.jobs.report.findings import Source
from seqattr.jobs.report.pictures import believed_boxes
from seqattr.jobs.report.scores import Scores
from seqattr.jobs.report.settings import USUAL, Settings
from seqattr.jobs.report.sources import finder_of, source_of
from seqattr.motifs.groups import group_motifs, judge
from seqattr.motifs.hits import HitBlock, HitFinder, Hits
from seqattr.motifs.pwm import PWM
from seqattr.support.progress import Progress
from seqattr.support.ranks import SURE, is_sure
from seqattr.support.rounding import number_of

MOST_BASES = 1 << 20  # of the sequences by which hits are judged: those of hundreds of long windows
FEWEST = math.ceil(-math.log2(SURE))  # sequences of which a test of signs can tell anything


class RowBoxes(NamedTuple):
    """The boxes of hits in one row of each target's file, and what they rest on, in words."""

    of_target: dict[str, list[Box]]
    ground: str


# --- judged anew ---------------------------------------------------------------------------------


class Judged(NamedTuple):
    """Each target's hits, judged, in rows of the file; each motif's group; the groups that carry importance
    for each target; and what all rests on, in words.
    """

    of_target: dict[str, Hits]
    group_of: dict[str, str]
    carrying: dict[str, set[str]]
    ground: str

    def boxes(self, target: str, row: int) -> list[Box]:
        """The sure hits in a row of groups that carry importance for a target."""
        hits = self.of_target[target].in_rows(slice(row, row + 1))
        return believed_boxes(hits, self.group_of, self.carrying[target])


def judged_boxes(
    scores: Scores, rows: Mapping[str, int], motifs: Sequence[PWM], progress: Progress
) -> RowBoxes:
    """The sure hits of groups that carry importance for each target, in its row.

    Judged by the row and as many other sequences, evenly spread, as have MOST_BASES together.
    """
    sample = scores.only(sampled_rows(scores, set(rows.values())))
    judged = judged_hits(sample, list(rows), motifs, USUAL, progress)
    return RowBoxes({target: judged.boxes(target, row) for target, row in rows.items()}, judged.ground)


def judged_hits(
    scores: Scores, targets: Sequence[str], motifs: Sequence[PWM], settings: Settings, progress: Progress
) -> Judged:
    """The hits of motifs in a folder's sequences, judged by these as a report does."""
    source = source_of(scores, scores.folder.name, settings)
    finder = finder_of(source, motifs, settings)
    hits = hits_in(source, finder, targets, progress)
    groups = group_motifs(motifs, hits.values())
    group_of = {member: group.name for group in groups for member in group.members}
    carrying = {}
    for target in targets:
        hits[target], statistics = judge(hits[target], groups, target, source.loci)
        carrying[target] = {one.group for one in statistics if one.carries}
    in_file = {target: found.renumbered(source.row_in_file) for target, found in hits.items()}
    return Judged(in_file, group_of, carrying, ground_of(source, finder))


def sampled_rows(scores: Scores, wanted: set[int]) -> np.ndarray:
    """Which rows (N,) are looked at: those wanted, and others evenly."""
    there = np.flatnonzero(scores.has_values)
    with scores.open(scores.targets[0]) as file:
        most = max(MOST_BASES // max(file.length, 1), FEWEST)
    picked = np.unique(np.linspace(0, len(there) - 1, min(most, len(there))).round().astype(int))
    rows = np.zeros(len(scores.has_values), bool)
    rows[[*there[picked], *wanted]] = True
    return rows


def hits_in(source: Source, finder: HitFinder, targets: Sequence[str], progress: Progress) -> dict[str, Hits]:
    """The hits of each target in a folder's sequences."""
    with ExitStack() as stack:
        files = {target: stack.enter_context(source.scores.open(target)) for target in targets}
        blocks = {target: list[HitBlock]() for target in targets}
        for rows, codes, candidates in scanned(code_blocks(files[targets[0]]), source, finder):
            for target, file in files.items():
                blocks[target].append(finder.fit(rows, codes, file.contributions(rows), candidates))
            progress(rows.stop, len(source.loci))
    return {target: finder.assemble(of_one) for target, of_one in blocks.items()}


def ground_of(source: Source, finder: HitFinder) -> str:
    """What judged hits rest on."""
    there = replace(source.scores, kept=None).has_values
    some, count = len(source.loci), int(there.sum())
    of = "" if some == count else f"{some:,} of "
    motifs = f"{len(finder.twins):,} twins of {number_of(len(finder.motifs), 'motif')}"
    few = f"; fewer than {FEWEST} do not tell a motif from chance" if some < FEWEST else ""
    return f"judged by {of}{number_of(count, 'sequence')} and {motifs}{few}"


# --- those of a report ---------------------------------------------------------------------------


NAMES = ("target", "group", "q_value", "coefficient", "row", "row_start", "row_end", "row_strand")


class Listed(NamedTuple):
    """A sure hit as a report lists it."""

    row: int
    start: int
    end: int
    sign: int  # of its strand in the row
    name: str  # of its group
    against: bool


def report_of(scores: Scores) -> Path | None:
    """The report in a folder of scores, where it is younger than they are."""
    folder = scores.folder / "report"
    there = [folder / name for name in ("hits.tsv", "motifs.tsv")]
    made = max(scores.path(target).stat().st_mtime for target in scores.targets)
    current = all(path.is_file() and path.stat().st_mtime >= made for path in there)
    return folder if current else None


def reported_boxes(scores: Scores, rows: Mapping[str, int], report: Path) -> RowBoxes:
    """The sure hits that a report lists of groups that carry importance for each target, in its row.

    A place that several rows hold is listed for one of them, and boxed in all. Raises InputError where the
    tables are no report's.
    """
    told = read_cells(report / "motifs.tsv", ("target", "group", "carries"))
    carrying = {(target, group) for target, group, carries in told if carries == "1"}
    listed: dict[str, list[Listed]] = {target: [] for target in rows}
    for target, group, *numbers in read_cells(report / "hits.tsv", NAMES):
        if (target, group) in carrying and target in rows:
            listed[target] += sure_hit(group, numbers, report)
    with scores.open(scores.targets[0]) as file:
        loci, _ = layout_of(file)
    number_of = {row: number for number, row in enumerate(np.flatnonzero(scores.has_values).tolist())}
    boxes = {
        target: [
            box
            for hit in listed[target]
            if hit.row in number_of
            for box in boxed(hit._replace(row=number_of[hit.row]), number_of[row], loci)
        ]
        for target, row in rows.items()
    }
    return RowBoxes(boxes, f"as {report} has them")


def read_cells(path: Path, names: Sequence[str]) -> Iterator[list[str]]:
    """Some cells of a table's rows. Raises InputError where it has no such columns, or a row is short."""
    lines = text_lines(path, "table")
    header = next(lines, (0, ""))[1].split("\t")
    if not set(names) <= set(header):
        raise InputError(f"{path} is no table of a report; make the report again")
    columns = [header.index(name) for name in names]
    for number, line in lines:
        cells = line.split("\t")
        if len(cells) != len(header):
            raise InputError(f"line {number} of {path} has {len(cells)} cells, its header {len(header)}")
        yield [cells[column] for column in columns]


def sure_hit(group: str, cells: Sequence[str], report: Path) -> list[Listed]:
    """From the columns of NAMES behind the group's; none where it is not sure."""
    q_value, coefficient, *places, strand = cells
    try:
        row, start, end = map(int, places)
        hit = Listed(row, start, end, -1 if strand == "-" else 1, group, float(coefficient) < 0)
        return [hit] if is_sure(float(q_value)) else []
    except ValueError as error:
        raise InputError(f"{report / 'hits.tsv'} has what is no number; make the report again") from error


def boxed(hit: Listed, row: int, loci: Loci) -> list[Box]:
    """A hit as a box in a row, if this holds the same bases there."""
    if loci.layer[hit.row] != loci.layer[row]:
        return []
    width = hit.end - hit.start
    offset = int(loci.place(np.array(hit.row), np.array(hit.start), width) - loci.start[row])
    start = loci.length - width - offset if loci.turned[row] else offset
    sign = hit.sign if loci.turned[row] == loci.turned[hit.row] else -hit.sign
    inside = loci.first[row] <= start and start + width <= loci.end[row]
    return [Box(start, start + width, hit.name, "-" if sign < 0 else "+", hit.against)] if inside else []
