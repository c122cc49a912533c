"""From a folder's files to the findings of its targets, a block of rows at a time.

One scan serves all targets. Of the rows only what grows with the hits is kept, and a few numbers of each.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from typing import NamedTuple, TypeVar

import numpy as np

from seqattr.dna.alphabet import UNKNOWN
from seqattr.dna.loci import Loci
from seqattr.evaluate.additivity import Additivity
from seqattr.io.hdf5.stored import StoredContributions
from seqattr.jobs.report.blocks import code_blocks, row_blocks, value_blocks
from seqattr.jobs.report.excerpts import Excerpt, StrongestExcerpts
from seqattr.jobs.report.findings import Source
from seqattr.motifs.hits import HitBlock, HitFinder, Hits
from seqattr.motifs.matches import Matches
from seqattr.motifs.seqlets import WINDOW, Search, Seqlets
from seqattr.motifs.windows import WindowCounts, count_windows
from seqattr.support.stages import Stages
from seqattr.support.threads import in_use

# Targets that are examined together: each has a file open, and some megabytes of counts.
_TARGETS_AT_ONCE = 16
# Blocks of hits that are kept apart: each has two numbers of every motif.
_BLOCKS_APART = 64
# How much of the work one row is for one target: found and fitted, and looked at again for seqlets.
FIRST_PASS, SECOND_PASS = 4, 1

Tick = Callable[[int], object]  # told of so much work done


class Examined(NamedTuple):
    """Of one target, what its sequences say by themselves."""

    target: str
    hits: Hits
    seqlets: Seqlets  # all, the largest first
    excerpts: list[Excerpt]
    verdict: Additivity


class Ground(NamedTuple):
    """Where seqlets may be: the same in the files of all targets."""

    loci: Loci
    starts: np.ndarray  # (N, 2), of the windows that count in each row
    counted: WindowCounts
    width: int  # of these windows

    @classmethod
    def of(cls, file: StoredContributions, loci: Loci) -> "Ground":
        """From the open file of a target."""
        width = min(WINDOW, loci.length)
        starts = loci.counting_starts(width)
        known = (file.one_hot[rows].any(axis=1) for rows in row_blocks(file))
        return cls(loci, starts, count_windows(known, width, starts), width)


def examine(source: Source, finder: HitFinder, drawn: int, tick: Tick) -> Iterator[Examined]:
    """What is found of each target of a folder, of so many sequences to draw."""
    scores = source.scores
    with scores.open(scores.targets[0]) as file:
        ground = Ground.of(file, source.loci)
    for first in range(0, len(scores.targets), _TARGETS_AT_ONCE):
        targets = scores.targets[first : first + _TARGETS_AT_ONCE]
        with ExitStack() as stack:
            files = {target: stack.enter_context(scores.open(target)) for target in targets}
            looking = [Examination(target, file, finder, ground) for target, file in files.items()]
            first_pass(looking, source, finder, tick)
            for one in looking:
                yield one.finish(drawn, tick)


def first_pass(looking: "Sequence[Examination]", source: Source, finder: HitFinder, tick: Tick) -> None:
    """Scan each block of rows once, and have all targets' contributions explained by what was found."""
    for rows, codes, candidates in scanned(code_blocks(looking[0].file), source, finder):
        for one in looking:
            one.add(rows, codes, candidates)
            tick(FIRST_PASS * len(codes))


def scanned(
    blocks: Iterable[tuple[slice, np.ndarray]], source: Source, finder: HitFinder
) -> Iterator[tuple[slice, np.ndarray, Matches]]:
    """The blocks with what may be hits in them; threads, where there are some, scan the next ones."""

    def scan(block: tuple[slice, np.ndarray]) -> tuple[slice, np.ndarray, Matches]:
        rows, codes = block
        return rows, codes, finder.candidates(codes, source.minus[rows])

    if in_use() == 1:
        return map(scan, blocks)
    return Stages(scan, same, same, same, in_use() - 1).run(blocks)


Thing = TypeVar("Thing")


def same(thing: Thing) -> Thing:
    """For a stage in which there is nothing to do."""
    return thing


class Examination:
    """One target, whose open file is looked at a block of rows at a time."""

    def __init__(self, target: str, file: StoredContributions, finder: HitFinder, ground: Ground) -> None:
        self.target, self.file, self.finder, self.ground = target, file, finder, ground
        self.blocks, self.recent = list[HitBlock](), list[HitBlock]()
        self.search = Search(ground.counted, ground.starts, ground.width)
        self.strongest = StrongestExcerpts(ground.loci)

    def add(self, rows: slice, codes: np.ndarray, candidates: Matches) -> None:
        """A block of rows, with its codes (B, L) and what may be hits in it."""
        values = self.file.contributions(rows)
        self.recent.append(self.finder.fit(rows, codes, values, candidates))
        if len(self.recent) == _BLOCKS_APART:
            self._join()
        self.search.tally(values, codes != UNKNOWN)
        self.strongest.add(rows, values)

    def finish(self, drawn: int, tick: Tick) -> Examined:
        """All that was found, once every row was seen."""
        self._join()
        hits = self.finder.assemble(self.blocks)
        self.blocks = []
        return Examined(
            self.target,
            hits,
            self._seqlets(tick),
            self.strongest.excerpts(self.file, drawn),
            Additivity.of(self.file.additivity_error, self.file.cancellation),
        )

    def _join(self) -> None:
        """The last blocks become one."""
        if self.recent:
            self.blocks.append(HitBlock.joined(self.recent))
            self.recent = []

    def _seqlets(self, tick: Tick) -> Seqlets:
        """After the first pass over the file; where that did not settle them, by a second one."""
        if self.search.settle():
            for rows, values, known in value_blocks(self.file):
                self.search.collect(values, known)
                tick(SECOND_PASS * (rows.stop - rows.start))
        else:
            tick(SECOND_PASS * len(self.file))
        return self.search.seqlets(self.ground.loci)
