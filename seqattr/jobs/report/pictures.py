"""The figures of a report: all groups at once, the strongest sequences as letters, and distances of hits."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain, combinations_with_replacement, zip_longest

import numpy as np

from seqattr.figures.boxes import Box, within
from seqattr.figures.distances import Histogram, histogram_figure
from seqattr.figures.drawings import Drawing
from seqattr.figures.folds import folded_logos
from seqattr.figures.logos import LogoRows, contribution_logos
from seqattr.figures.overview import Dot, Limits, overview_panel
from seqattr.figures.ruler import Ruler
from seqattr.jobs.report.excerpts import DRAWN_BASES, Excerpt
from seqattr.jobs.report.findings import Evidence, Findings, Source
from seqattr.jobs.report.settings import Settings
from seqattr.jobs.units import contribution_unit, output_of
from seqattr.motifs.distances import PairDistances, Spots, pair_distances
from seqattr.motifs.groups import LEAST_EFFECT, GroupStatistics
from seqattr.motifs.hits import Hits
from seqattr.support.ranks import SURE, benjamini_hochberg, is_sure

OVERVIEW, SEQUENCE, DISTANCES = "overview", "sequence", "distances"
MOST_PANELS = 12  # targets that have figures of their own
PAIRED = 4  # leading groups whose distances are looked at
MOST_PAIRS = 6  # of a target, the clearest


def drawings(evidence: Evidence, settings: Settings) -> Iterator[Drawing]:
    """All figures, in the order of the page."""
    yield from overviews(evidence)
    yield from sequence_logos(evidence, settings)
    yield from distance_figures(evidence, settings)


# --- all groups at once ----------------------------------------------------------------------------


def overviews(evidence: Evidence) -> Iterator[Drawing]:
    """How much each group explains against how surely, a figure for each of the first targets."""
    for number, findings in enumerate(evidence.findings[:MOST_PANELS], start=1):
        rows = [row for row in findings.groups if row.hits]
        largest = max((row.share for row in rows if row.sure), default=0.0)
        limits = Limits(SURE, LEAST_EFFECT * largest)
        figure = overview_panel([dot_of(row) for row in rows], limits, findings.label)
        yield Drawing(f"{OVERVIEW}_{number:02d}", f"groups of motifs for {findings.label}", figure)


def dot_of(row: GroupStatistics) -> Dot:
    """A group in the overview."""
    return Dot(row.group, row.share, row.q_value, row.hits, row.mean_importance, row.carries)


# --- sequences -------------------------------------------------------------------------------------


def sequence_logos(evidence: Evidence, settings: Settings) -> Iterator[Drawing]:
    """The strongest sequences, each for the target that it was chosen for."""
    for number, (findings, excerpt) in enumerate(excerpts_to_draw(evidence, settings.sequences), start=1):
        values = {axis_label(findings): excerpt.contributions}
        boxes = boxes_in(excerpt, findings, evidence.group_of)
        first, ruler = excerpt.start, Ruler.of(findings.source.regions[excerpt.row])
        wide = contribution_logos(values, excerpt.one_hot, boxes, first=first, ruler=ruler)
        narrow = folded_logos(LogoRows(values, excerpt.one_hot, boxes, first, ruler))
        yield Drawing(f"{SEQUENCE}_{number:02d}", caption_of(findings, excerpt), wide, narrow)


def axis_label(findings: Findings) -> str:
    """What an axis of contributions measures: for which target, and in which unit."""
    unit = unit_of(findings)
    return findings.label if unit == output_of(findings.target) else f"{findings.label}\n({unit})"


def unit_of(findings: Findings) -> str:
    """Of a target's contributions."""
    return contribution_unit(findings.source.scores.run, findings.target)


def caption_of(findings: Findings, excerpt: Excerpt) -> str:
    """Which sequence is drawn, where it lies, which of its bases, and for which target."""
    region = findings.source.regions[excerpt.row]
    name, place = findings.source.name_of(excerpt.row), f"{region} ({region.strand})"
    where = "" if region.chrom == region.name or name == str(region) else f" at {place}"
    return f"{name}{where}, bases {excerpt.start}–{excerpt.end}, for {findings.label}"


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


def boxes_in(excerpt: Excerpt, findings: Findings, group_of: dict[str, str]) -> list[Box]:
    """A box for each sure hit in an excerpt of the groups that carry importance, with its group's name."""
    hits = findings.hits.in_rows(slice(excerpt.row, excerpt.row + 1))
    return within(believed_boxes(hits, group_of, findings.carrying), excerpt.start, excerpt.end)


def believed_boxes(hits: Hits, group_of: Mapping[str, str], carrying: Collection[str]) -> list[Box]:
    """Boxes of the sure hits of groups that carry importance, with their groups' names."""
    boxes = boxes_of(hits.select(hits.sure))
    return [box._replace(name=group_of[box.name]) for box in boxes if group_of.get(box.name) in carrying]


def boxes_of(hits: Hits) -> list[Box]:
    """The stretch, the motif and the strand of each hit, and whether it counts against the target."""
    matches = hits.matches
    strands = ["-" if strand < 0 else "+" for strand in matches.strand.tolist()]
    against = (hits.coefficient < 0).tolist()
    return list(map(Box, matches.start.tolist(), matches.end.tolist(), matches.names, strands, against))


# --- distances -------------------------------------------------------------------------------------


def distance_figures(evidence: Evidence, settings: Settings) -> Iterator[Drawing]:
    """The distances between hits of the leading groups, a figure for each target that has enough of them.

    What stands out is told by q-values over all pairs.
    """
    some = evidence.findings[:MOST_PANELS]
    pairs = [distances_of(one, evidence.group_of, settings.seed) for one in some]
    p_values = np.array([pair.p_value for of_one in pairs for pair in of_one])
    clear = {id(pair): q for pair, q in zip(chain(*pairs), benjamini_hochberg(p_values), strict=True)}
    for number, (findings, of_one) in enumerate(zip(some, pairs, strict=True), start=1):
        if of_one:
            told = [pair_in_words(pair, clear[id(pair)]) for pair in of_one if is_sure(clear[id(pair)])]
            figure = histogram_figure(
                [histogram_of(pair) for pair in of_one],
                "distance between middles (bp)",
                "pairs of hits",
                "95 % of draws with partners from other sequences",
            )
            yield Drawing(f"{DISTANCES}_{number:02d}", distances_caption(findings, told), figure)


def distances_of(findings: Findings, group_of: dict[str, str], seed: int) -> list[PairDistances]:
    """Of pairs of the leading groups that carry, the clearest first."""
    leading = findings.carrying[:PAIRED]
    spots = [spots_of(findings, name, group_of) for name in leading]
    pairs = [
        pair_distances(one, other, findings.source.length, seed)
        for one, other in combinations_with_replacement(spots, 2)
    ]
    return sorted((pair for pair in pairs if pair is not None), key=lambda pair: pair.p_value)[:MOST_PAIRS]


def spots_of(findings: Findings, group: str, group_of: dict[str, str]) -> Spots:
    """Where the sure hits of a group are, each place once."""
    matches = findings.believed.matches
    own = np.array([group_of.get(pwm.name) == group for pwm in matches.motifs], bool)
    some = matches.select(own[matches.motif])
    widths = some.end - some.start
    return Spots(group, some.sequence, (some.start + some.end) / 2, int(widths.min(initial=1 << 20)))


def histogram_of(pair: PairDistances) -> Histogram:
    """A pair as it is drawn."""
    one, other = pair.names
    title = f"{one}\nwith itself" if one == other else f"{one} and\n{other}"
    return Histogram(title, pair.edges, pair.observed, pair.low, pair.high, pair.clear)


def distances_caption(findings: Findings, told: Sequence[str]) -> str:
    """For which target, and which pairs have a distance that they keep."""
    nothing = "no pair keeps a distance more often than chance would have it"
    return f"For {findings.label}: {'; '.join(told) or nothing}."


def pair_in_words(pair: PairDistances, q_value: float) -> str:
    """Where a pair has more hits than chance would have."""
    first, end = pair.peak_bases
    names = f"{pair.names[0]} with itself" if pair.names[0] == pair.names[1] else " and ".join(pair.names)
    count, chance = int(pair.observed[pair.peak]), pair.expected[pair.peak]
    expected = f"{chance:,.0f} expected (q = {q_value:.2g})"
    return f"{names} most beyond chance at {first}–{end - 1} bp: {count:,} pairs, {expected}"
