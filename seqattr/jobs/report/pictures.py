"""The figures of a report: for each target its matches, and the strongest sequences as letters."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest

import numpy as np

from seqattr.figures.boxes import Box, clear_boxes
from seqattr.figures.drawings import Drawing
from seqattr.figures.importance import Points, importance_panel
from seqattr.figures.logos import contribution_logos
from seqattr.figures.style import SERIES
from seqattr.jobs.report.excerpts import DRAWN_BASES, Excerpt
from seqattr.jobs.report.findings import Evidence, Findings, Source
from seqattr.jobs.report.settings import Settings
from seqattr.motifs.matches import STRONG, Matches

MOST_POINTS = 20_000  # of the grey ones in a panel


def panels(evidence: Evidence, settings: Settings) -> Iterator[Drawing]:
    """Importance against log-odds, one panel for each target; a group has one colour in all of them."""
    coloured = evidence.carrying[: len(SERIES)]
    for number, findings in enumerate(evidence.findings, start=1):
        named, others = points_of(findings, evidence.group_of, coloured, settings.seed)
        figure = importance_panel(named, others, STRONG, findings.label)
        yield Drawing(f"importance_{number:02d}", f"importance against log-odds for {findings.label}", figure)


def points_of(
    findings: Findings, group_of: Mapping[str, str], coloured: Sequence[str], seed: int
) -> tuple[list[Points], Points]:
    """The hits of some groups, each by itself, and (a sample of) the others together."""
    hits = findings.counted
    groups = np.array([group_of.get(pwm.name, "") for pwm in hits.matches.motifs])[hits.matches.motif]
    rest = np.flatnonzero(~np.isin(groups, list(coloured)))
    if len(rest) > MOST_POINTS:
        rest = np.random.default_rng(seed).choice(rest, MOST_POINTS, replace=False)
    log_odds, importance = hits.matches.log_odds, hits.importance
    named = [Points(name, log_odds[groups == name], importance[groups == name]) for name in coloured]
    return named, Points("other motifs", log_odds[rest], importance[rest])


def sequence_logos(evidence: Evidence, settings: Settings) -> Iterator[Drawing]:
    """The strongest sequences, each for the target that it was chosen for."""
    for number, (findings, excerpt) in enumerate(excerpts_to_draw(evidence, settings.sequences), start=1):
        figure = contribution_logos(
            {findings.label: excerpt.contributions},
            excerpt.one_hot,
            boxes_in(excerpt, findings),
            first=excerpt.start,
        )
        yield Drawing(f"sequence_{number:02d}", caption_of(findings, excerpt), figure)


def caption_of(findings: Findings, excerpt: Excerpt) -> str:
    """Which sequence is drawn, which of its bases, and for which target."""
    name = findings.source.name_of(excerpt.row)
    return f"{name}, bases {excerpt.start}–{excerpt.end}, for {findings.label}"


def excerpts_to_draw(evidence: Evidence, count: int) -> list[tuple[Findings, Excerpt]]:
    """Each target's strongest in turn, a sequence and a place of a folder once, then by target."""
    rounds = zip_longest(*(one.excerpts for one in evidence.findings))
    turns = [
        (number, excerpt)
        for excerpts in rounds
        for number, excerpt in enumerate(excerpts)
        if excerpt is not None
    ]
    kept = [turn for source in evidence.sources for turn in _apart(evidence, source, turns)]
    order = {id(excerpt): place for place, (_, excerpt) in enumerate(turns)}
    taken = sorted(kept, key=lambda turn: order[id(turn[1])])[:count]
    return [
        (evidence.findings[number], excerpt) for number, excerpt in sorted(taken, key=lambda turn: turn[0])
    ]


def _apart(
    evidence: Evidence, source: Source, turns: Sequence[tuple[int, Excerpt]]
) -> list[tuple[int, Excerpt]]:
    """Those of one folder, a sequence and a place once."""
    first: dict[int, tuple[int, Excerpt]] = {}
    for number, excerpt in turns:
        if evidence.findings[number].source is source:
            first.setdefault(excerpt.row, (number, excerpt))
    kept = list(first.values())
    starts = np.array([(excerpt.row, excerpt.start) for _, excerpt in kept], np.int64).reshape(-1, 2)
    return [kept[number] for number in source.loci.apart(starts[:, 0], starts[:, 1], DRAWN_BASES)]


def boxes_in(excerpt: Excerpt, findings: Findings) -> list[Box]:
    """Boxes for the hits in an excerpt; of two over each other the one that explains more is kept."""
    hits = findings.hits.in_rows(slice(excerpt.row, excerpt.row + 1))
    return clear_boxes(boxes_of(hits.matches), hits.amount, excerpt.start, excerpt.end)


def boxes_of(matches: Matches) -> list[Box]:
    """The stretch and the motif of each match."""
    return list(map(Box, matches.start.tolist(), matches.end.tolist(), matches.names))
