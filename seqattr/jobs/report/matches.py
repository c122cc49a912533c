"""The matches of few motifs, written as they are found: those of a large collection would be gigabytes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from seqattr.io.hdf5.stored import StoredContributions
from seqattr.io.tables import growing_table
from seqattr.jobs.report.blocks import code_blocks
from seqattr.jobs.report.findings import Evidence, Source
from seqattr.motifs.counting import Counting
from seqattr.motifs.matches import Matches, MatchImportance, measure_rows
from seqattr.motifs.pwm import PWM
from seqattr.motifs.scan import Pick, Scanner
from seqattr.motifs.tables import match_columns

FEW_MOTIFS = 100  # of so many all matches are listed; of more, those of groups that carry importance
THIRD_PASS = 1  # how much of a report's work one row is here

Columns = Mapping[str, Sequence[Any]]


def listed_motifs(evidence: Evidence) -> list[PWM]:
    """The motifs whose matches are listed."""
    if len(evidence.motifs) <= FEW_MOTIFS:
        return list(evidence.motifs)
    carrying = set(evidence.carrying)
    return [pwm for pwm in evidence.motifs if evidence.group_of.get(pwm.name) in carrying]


def write_matches(path: Path, evidence: Evidence, pick: Pick, tick: Callable[[int], object]) -> None:
    """Every match of the listed motifs, each place once, with what it carries for each target, gzipped."""
    targets = list(dict.fromkeys(one.target for one in evidence.findings))
    several = len(evidence.sources) > 1
    listing = [Listing(source, listed_motifs(evidence), targets, pick) for source in evidence.sources]
    with growing_table(path, listing[0].names(several), packed=True) as add:
        for one in listing:
            for columns in one.blocks(tick):
                add({**({"scores": [one.source.name] * len(columns["motif"])} if several else {}), **columns})


class Listing:
    """The matches of one folder, for a table with columns of these targets, which it may lack some of."""

    def __init__(self, source: Source, motifs: Sequence[PWM], targets: Sequence[str], pick: Pick) -> None:
        self.source, self.targets = source, targets
        self.scanner = Scanner.of(motifs, pick, source.background, source.length)
        self.places = source.scores.places()
        widths = {pwm.width for pwm in motifs if pwm.width <= source.length}
        self.counting = Counting(source.loci, widths)

    def names(self, several: bool) -> list[str]:
        """The columns; the folder's comes first where there are several."""
        columns = {**match_columns(self.scanner.empty, self.places), **self._measured(self.scanner.empty, {})}
        return [*["scores"] * several, *columns]

    def blocks(self, tick: Callable[[int], object]) -> Iterator[Columns]:
        """The columns of a block of rows after the other."""
        scores, row_in_file = self.source.scores, self.source.row_in_file
        with ExitStack() as stack:
            files = {target: stack.enter_context(scores.open(target)) for target in scores.targets}
            for rows, codes in code_blocks(files[scores.targets[0]]):
                matches = self.scanner.find(codes, self.source.minus[rows])
                width = matches.end - matches.start
                counted = self.counting.counts(matches.sequence + rows.start, matches.start, width)
                matches = matches.select(counted)
                carried = {target: _carried(matches, file, rows) for target, file in files.items()}
                placed = replace(matches, sequence=row_in_file[rows][matches.sequence])
                yield {**match_columns(placed, self.places), **self._measured(matches, carried)}
                tick(THIRD_PASS * len(codes))

    def _measured(self, matches: Matches, carried: Mapping[str, MatchImportance]) -> dict[str, Any]:
        """For each target its columns of `MatchImportance`, missing where it was not scored."""
        missing = MatchImportance(*[np.full(len(matches), np.nan)] * 4)
        return {
            f"{name}_{target}": values
            for target in self.targets
            for name, values in carried.get(target, missing)._asdict().items()
        }


def _carried(matches: Matches, file: StoredContributions, rows: slice) -> MatchImportance:
    hypothetical = file.hypothetical[rows].astype(np.float32)
    return measure_rows(matches, file.contributions(rows), hypothetical)
