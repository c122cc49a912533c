"""The figures of a report: for each target its matches, and the strongest sequences as letters."""

from collections.abc import Iterator, Sequence
from itertools import islice, zip_longest

import numpy as np

from seqattr.dna.loci import Loci
from seqattr.figures.boxes import Box, clear_boxes
from seqattr.figures.drawings import Drawing
from seqattr.figures.importance import Points, importance_panel
from seqattr.figures.logos import contribution_logos
from seqattr.figures.style import SERIES
from seqattr.jobs.report.excerpts import DRAWN_BASES, Excerpt
from seqattr.jobs.report.findings import Evidence, Findings, by_clearness
from seqattr.jobs.report.settings import Settings
from seqattr.motifs.matches import Matches

MOST_POINTS = 20_000  # of the grey ones in a panel


def panels(evidence: Evidence, settings: Settings) -> Iterator[Drawing]:
    """Importance against log-odds, one panel for each target; a motif has one colour in all of them."""
    coloured, matches = clearest_motifs(evidence.findings), evidence.each_locus_once
    for findings in evidence.findings:
        named, others = points_of(matches, findings.target, coloured, settings.seed)
        figure = importance_panel(named, others, settings.strong, findings.target)
        name = f"importance_{evidence.scores.stems[findings.target]}"
        yield Drawing(name, f"importance against log-odds for {findings.target}", figure)


def clearest_motifs(findings: Sequence[Findings]) -> list[str]:
    """As many motifs as there are colours, each target's clearest in turn."""
    orders = [by_clearness(one.statistics) for one in findings]
    names = dict.fromkeys(row.motif for rows in zip(*orders, strict=True) for row in rows)
    return list(names)[: len(SERIES)]


def points_of(
    matches: Matches, target: str, coloured: Sequence[str], seed: int
) -> tuple[list[Points], Points]:
    """The matches of some motifs, each by itself, and (a sample of) the others together."""
    importance = matches.targets[target].importance
    number = {pwm.name: index for index, pwm in enumerate(matches.motifs)}
    some = [np.flatnonzero(matches.motif == number[name]) for name in coloured]
    rest = np.flatnonzero(~np.isin(matches.motif, [number[name] for name in coloured]))
    if len(rest) > MOST_POINTS:
        rest = np.random.default_rng(seed).choice(rest, MOST_POINTS, replace=False)
    named = [
        Points(name, matches.log_odds[its], importance[its]) for name, its in zip(coloured, some, strict=True)
    ]
    return named, Points("other motifs", matches.log_odds[rest], importance[rest])


def sequence_logos(evidence: Evidence, settings: Settings) -> Iterator[Drawing]:
    """The strongest sequences, each for the target that it was chosen for."""
    chosen = excerpts_to_draw(evidence.findings, evidence.loci, settings.sequences)
    for number, (findings, excerpt) in enumerate(chosen, start=1):
        boxes = boxes_in(excerpt, findings, evidence.matches, settings.strong)
        figure = contribution_logos(
            {findings.target: excerpt.contributions}, excerpt.one_hot, boxes, first=excerpt.start
        )
        yield Drawing(f"sequence_{number:02d}", caption_of(evidence, findings, excerpt), figure)


def caption_of(evidence: Evidence, findings: Findings, excerpt: Excerpt) -> str:
    region = evidence.regions[excerpt.row]
    return f"{region.name or region}, bases {excerpt.start}–{excerpt.end}, for {findings.target}"


def excerpts_to_draw(findings: Sequence[Findings], loci: Loci, count: int) -> list[tuple[Findings, Excerpt]]:
    """Each target's strongest in turn, a sequence and a place once, then by target."""
    rounds = zip_longest(*(one.excerpts for one in findings))
    turns = [
        (one, excerpt)
        for excerpts in rounds
        for one, excerpt in zip(findings, excerpts, strict=True)
        if excerpt is not None
    ]
    first = {excerpt.row: number for number, (_, excerpt) in reversed(list(enumerate(turns)))}
    kept = [turns[number] for number in sorted(first.values())]
    starts = np.array([(excerpt.row, excerpt.start) for _, excerpt in kept], np.int64).reshape(-1, 2)
    apart = loci.apart(starts[:, 0], starts[:, 1], DRAWN_BASES)
    taken = [kept[number] for number in islice(apart, count)]
    order = {one.target: number for number, one in enumerate(findings)}
    return sorted(taken, key=lambda pair: order[pair[0].target])


def boxes_in(excerpt: Excerpt, findings: Findings, matches: Matches, strong: float) -> list[Box]:
    """Boxes for the strong matches in an excerpt: of the motifs that carry something, else of all.

    Of two over each other the one is kept that is more like the hypothetical contributions there.
    """
    of_row = np.arange(*np.searchsorted(matches.sequence, [excerpt.row, excerpt.row + 1]))
    clear = matches.select(of_row[matches.log_odds[of_row] >= strong])
    carrying = set(findings.carrying)
    some = clear.select(np.array([name in carrying or not carrying for name in clear.names], bool))
    cosine = some.targets[findings.target].cosine
    return clear_boxes(boxes_of(some), cosine, excerpt.start, excerpt.end)


def boxes_of(matches: Matches) -> list[Box]:
    """The stretch and the motif of each match."""
    return list(map(Box, matches.start.tolist(), matches.end.tolist(), matches.names))
