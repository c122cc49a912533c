"""python -m speed.hits SIMULATION SCORES --motifs FILE [--finemo DIR]: hits against the planted motifs.

SIMULATION is a folder of `seqattr simulate tal-gata`, SCORES that of `seqattr score` on its sequences.fa;
--finemo is what `seqattr finemo SCORES --motifs SIMULATION/motifs.meme` wrote. For each task the sequences
that have it are looked at, and the instances of its own motifs. A hit is right if it and a planted instance
of its motif, or of the motif that its group resembles, share half of the shorter one. So what else the model
sees as the motif counts as wrong.
"""

import argparse
import csv
import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from seqattr.dna.alphabet import codes_of, one_hot
from seqattr.dna.frequencies import measured_background
from seqattr.io.hdf5.stored import open_contributions
from seqattr.motifs.groups import group_motifs, group_statistics, judge_hits
from seqattr.motifs.hits import HitFinder
from seqattr.motifs.matches import STRONG
from seqattr.motifs.pwm import GATA1, PWM, TAL1
from seqattr.motifs.scan import Pick, find_matches
from seqattr.motifs.similarity import tomtom_p_values
from seqattr.motifs.sources import read_motifs

OWN = {"both": (GATA1.name, TAL1.name), "GATA1": (GATA1.name,), "TAL1": (TAL1.name,)}
STRENGTHS = (-math.inf, 6, 8, math.inf)  # log-odds of weak, middling and strong matches
RESEMBLES = 1e-3  # TOMTOM's p-value of a group's first motif and a planted one


class Call(NamedTuple):
    """A stretch of a row that is said to be a motif, or is one."""

    row: int
    start: int
    end: int
    motif: str


def planted(folder: Path, task: str) -> tuple[list[Call], set[int]]:
    """The instances of a task's own motifs, and the rows of the task."""
    labels = list(csv.DictReader((folder / "labels.tsv").open(), delimiter="\t"))
    rows = {number for number, line in enumerate(labels) if line[task] == "1"}
    numbers = {line["name"]: number for number, line in enumerate(labels)}
    lines = [line.split("\t") for line in (folder / "planted.bed").read_text().splitlines()]
    every = [Call(numbers[name], int(start), int(end), motif) for name, start, end, motif, *_ in lines]
    return [one for one in every if one.row in rows and one.motif in OWN[task]], rows


def precision_and_recall(calls: Iterable[Call], truth: Sequence[Call], rows: set[int]) -> str:
    """In words."""
    by_row: dict[int, list[Call]] = {}
    for one in truth:
        by_row.setdefault(one.row, []).append(one)
    calls = [call for call in calls if call.row in rows]
    pairs = [[one for one in by_row.get(call.row, ()) if same(call, one)] for call in calls]
    right, found = sum(map(bool, pairs)), {one for some in pairs for one in some}
    precision, recall = right / max(len(calls), 1), len(found) / max(len(truth), 1)
    return f"precision {precision:.3f}, recall {recall:.3f} ({len(calls)} for {len(truth)})"


def same(call: Call, other: Call) -> bool:
    """Whether both are of one motif and share half of the shorter one."""
    common = min(call.end, other.end) - max(call.start, other.start)
    shorter = min(call.end - call.start, other.end - other.start)
    return call.motif == other.motif and 2 * common >= shorter


class OwnHits(NamedTuple):
    """The sure hits of groups that carry, each named by what its group resembles, with the log-odds of their
    matches; and these groups.
    """

    calls: list[Call]
    log_odds: list[float]
    carrying: list[str]

    def between(self, low: float, high: float) -> list[Call]:
        """Those whose matches have such log-odds."""
        pairs = zip(self.calls, self.log_odds, strict=True)
        return [call for call, log_odds in pairs if low <= log_odds < high]


def own_hits(path: Path, motifs: Sequence[PWM], task: str) -> OwnHits:
    """Ours."""
    with open_contributions(path) as file:
        codes, values = codes_of(file.one_hot[:]), file.contributions(slice(0, len(file.one_hot)))
    finder = HitFinder.of(motifs, measured_background(codes), codes.shape[1])
    rows = slice(0, len(codes))
    hits = finder.assemble([finder.fit(rows, codes, values, finder.candidates(codes))])
    statistics = group_statistics(hits, group_motifs(motifs, [hits]), task)
    carrying = [row for row in statistics if row.carries]
    of_group = resembling([row.members for row in carrying], {pwm.name: pwm for pwm in motifs})
    hits = judge_hits(hits, statistics)
    matches = hits.select(hits.sure).matches
    columns = matches.sequence.tolist(), matches.start.tolist(), matches.end.tolist(), matches.names
    calls = [Call(*one) for one in zip(*columns, strict=True)]
    known = [
        (call, odds)
        for call, odds in zip(calls, matches.log_odds.tolist(), strict=True)
        if call.motif in of_group
    ]
    named = [call._replace(motif=of_group[call.motif]) for call, _ in known]
    return OwnHits(named, [odds for _, odds in known], [row.group for row in carrying])


def resembling(groups: Sequence[Sequence[str]], motifs: dict[str, PWM]) -> dict[str, str]:
    """Of each member of these groups the planted motif that its group's first one resembles, or nothing."""
    if not groups:
        return {}
    likeness = tomtom_p_values([GATA1, TAL1, *(motifs[members[0]] for members in groups)])[:2, 2:]
    names: dict[str, str] = {}
    for members, p_values in zip(groups, likeness.T, strict=True):
        near = (GATA1.name, TAL1.name)[int(p_values.argmin())] if p_values.min() <= RESEMBLES else ""
        names |= dict.fromkeys(members, near)
    return names


def strong_matches(path: Path, task: str) -> list[Call]:
    """The five best matches of each planted motif, those that the paper calls strong."""
    with open_contributions(path) as file:
        codes = codes_of(file.one_hot[:])
    matches = find_matches(one_hot(codes), [TAL1, GATA1], Pick(5, log_odds=STRONG))
    columns = matches.sequence.tolist(), matches.start.tolist(), matches.end.tolist(), matches.names
    return [call for call in map(Call, *columns) if call.motif in OWN[task]]


def finemo_hits(folder: Path, task: str) -> list[Call]:
    """Fi-NeMo's, of the planted motifs, those of the task."""
    lines = csv.DictReader((folder / "hits.tsv").open(), delimiter="\t")
    calls = [
        (line["target"], Call(int(line["row"]), int(line["row_start"]), int(line["row_end"]), line["motif"]))
        for line in lines
    ]
    return [call for target, call in calls if target == task and call.motif in OWN[task]]


def main() -> None:
    """Print precision and recall of all callers, task by task."""
    parser = argparse.ArgumentParser(prog="python -m speed.hits", description=__doc__)
    parser.add_argument("simulation", type=Path)
    parser.add_argument("scores", type=Path)
    parser.add_argument("--motifs", action="append", required=True)
    parser.add_argument("--finemo", type=Path)
    asked = parser.parse_args()
    motifs = list(read_motifs(asked.motifs).values())
    for task in OWN:
        truth, rows = planted(asked.simulation, task)
        path = asked.scores / f"{task}.h5"
        hits = own_hits(path, motifs, task)
        print(f"{task}: carrying {', '.join(hits.carrying) or 'nothing'}")
        print(f"  hits     {precision_and_recall(hits.calls, truth, rows)}")
        for low, high in pairwise(STRENGTHS):
            some = precision_and_recall(hits.between(low, high), truth, rows)
            print(f"    of log-odds {low:g} to {high:g}: {some}")
        print(f"  strong   {precision_and_recall(strong_matches(path, task), truth, rows)}")
        if asked.finemo is not None:
            print(f"  Fi-NeMo  {precision_and_recall(finemo_hits(asked.finemo, task), truth, rows)}")


if __name__ == "__main__":
    main()
