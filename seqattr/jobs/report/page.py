"""The report as one HTML page that needs nothing but itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

from seqattr.evaluate.additivity import ADDITIVE, CANCELLING, Additivity, cure, together
from seqattr.evaluate.drawing import curves_of
from seqattr.figures.curves import CurveAxes, CurvePanel, curve_figure
from seqattr.figures.html import Link, Picture, fill, png_text
from seqattr.figures.logos import motif_logo
from seqattr.io.scores_folder import CHECK
from seqattr.jobs.report.findings import Evidence, Findings, Source
from seqattr.jobs.report.pictures import DISTANCES, OVERVIEW, SEQUENCE, unit_of
from seqattr.jobs.report.rows import COLUMNS, Comparison, GroupRow, group_rows, side_by_side
from seqattr.jobs.report.scores import Scores
from seqattr.jobs.report.settings import Settings
from seqattr.jobs.report.story import Story, story_of
from seqattr.jobs.score.credit import Credit, about_run
from seqattr.motifs.groups import LEAST_EFFECT
from seqattr.motifs.sources import BUNDLED_NOTE
from seqattr.support.ranks import SURE

SEQLET_ROWS = 10  # of each target
LOGOS = 60
MOST_TABLES = 24  # targets that have a table of their own
MOST_SEQUENCES = 30  # pictures of sequences in the page; the others are beside it
CHAPTERS = {
    "found": "What was found",
    "overview": "Overview",
    "targets": "Targets side by side",
    "groups": "Groups of motifs",
    "sequences": "The strongest sequences",
    "distances": "Distances between sure hits",
    "seqlets": "What no sure hit explains",
    "additivity": "Do the contributions add up?",
    "credit": "Are these scores to be believed?",
    "run": "How it was made",
    "files": "Files",
}


class Section(NamedTuple):
    """One target: what was found, its groups' table and its seqlets."""

    findings: Findings
    story: Story
    rows: list[GroupRow]
    groups: int  # that have hits
    seqlets: list[list[str]]  # sequence and bases of each


class Believed(NamedTuple):
    """What a check of a folder's scores came to, and its figure."""

    name: str
    credit: Credit | None
    curve: str


@dataclass(frozen=True)
class Page:
    """All that the page tells."""

    sources: Sequence[Source]
    motifs: int
    facts: Sequence[tuple[str, str]]
    sections: Sequence[Section]
    targets: int  # with those that have no section
    comparison: Comparison | None
    logos: dict[str, str]  # base64 PNG of a motif
    pictures: dict[str, list[Picture]]  # by their kinds
    left_out: int  # pictures of sequences that are beside the page
    links: Sequence[Link]
    notes: Sequence[str]  # which motifs were left out
    believed: Sequence[Believed]
    verdicts: Sequence[tuple[str, str, Additivity]]  # of every target: its label, unit and additivity

    @property
    def chapters(self) -> list[tuple[str, str]]:
        """The contents: anchors and headings."""
        there = {
            "overview": bool(self.pictures[OVERVIEW]),
            "targets": self.comparison is not None,
            "distances": bool(self.pictures[DISTANCES]),
        }
        return [(anchor, name) for anchor, name in CHAPTERS.items() if there.get(anchor, True)]


def page_of(
    evidence: Evidence, settings: Settings, pictures: Sequence[Picture], links: Sequence[Link]
) -> Page:
    """The content of the page."""
    sections = [section_of(one) for one in evidence.findings[:MOST_TABLES]]
    by_kind = {kind: of_kind(pictures, kind) for kind in (OVERVIEW, SEQUENCE, DISTANCES)}
    drawn = by_kind[SEQUENCE]
    shown = spread(drawn, MOST_SEQUENCES)  # so that all targets have some
    return Page(
        sources=evidence.sources,
        motifs=len(evidence.motifs),
        facts=facts_of(evidence, settings),
        sections=sections,
        targets=len(evidence.findings),
        comparison=side_by_side(evidence),
        logos=logos_of(evidence, sections),
        pictures={**by_kind, SEQUENCE: shown},
        left_out=len(drawn) - len(shown),
        links=links,
        notes=evidence.notes,
        believed=[believed_of(source) for source in evidence.sources],
        verdicts=[(one.label, unit_of(one), one.verdict) for one in evidence.findings],
    )


def of_kind(pictures: Sequence[Picture], kind: str) -> list[Picture]:
    """Those whose names begin so."""
    return [picture for picture in pictures if picture.name.startswith(f"{kind}_")]


def spread(pictures: Sequence[Picture], most: int) -> list[Picture]:
    """At most so many, evenly from the first to the last."""
    if len(pictures) <= most:
        return list(pictures)
    return [pictures[number * len(pictures) // most] for number in range(most)]


def section_of(findings: Findings) -> Section:
    """Of one target."""
    groups = sum(row.hits > 0 for row in findings.groups)
    return Section(findings, story_of(findings), group_rows(findings), groups, seqlet_places(findings))


def seqlet_places(findings: Findings) -> list[list[str]]:
    """The sequence of each of a target's largest seqlets, and its bases in it."""
    seqlets = findings.seqlets
    places = zip(seqlets.sequence.tolist(), seqlets.start.tolist(), strict=True)
    return [
        [findings.source.name_of(row), f"{start}–{start + seqlets.width}"]
        for row, start in list(places)[:SEQLET_ROWS]
    ]


def logos_of(evidence: Evidence, sections: Sequence[Section]) -> dict[str, str]:
    """Pictures of the motifs that the first groups are named after, those that carry before the others."""
    shown = [row.group for section in sections for row in section.rows]
    named = {pwm.name: pwm for pwm in evidence.motifs}
    names = list(dict.fromkeys([*evidence.carrying, *shown]))[:LOGOS]
    return {name: png_text(motif_logo(named[name].probabilities), transparent=True) for name in names}


# --- the scores ------------------------------------------------------------------------------------


def believed_of(source: Source) -> Believed:
    """The check of a folder's scores."""
    return Believed(source.name, **credit_of(source.scores))


def credit_of(scores: Scores) -> dict[str, Any]:
    """The check of the scores with its figure, where `score` was asked for one."""
    credit = Credit.read(scores.folder / CHECK, about_run(scores.run))
    curve = png_text(deletion_curve(credit)) if credit is not None and credit.curve else ""
    return {"credit": credit, "curve": curve}


def deletion_curve(credit: Credit) -> Figure:
    """How the output moves as bases go, by the method's order and in a random one."""
    axes = CurveAxes("share of bases replaced, the most important first", "change of the output")
    return curve_figure([CurvePanel(credit.curve[0].target, curves_of(credit.curve))], axes)


def facts_of(evidence: Evidence, settings: Settings) -> list[tuple[str, str]]:
    """How motifs were looked for."""
    strands = {"both": "both strands", "forward": "the forward strand", "reverse": "the reverse strand"}
    hits = settings.hits
    return [
        (
            "hits",
            f"matches with p ≤ {hits.p_value:g} on {strands[settings.strand]}, with a similarity of at least "
            f"{hits.least_similarity:g} to the motif's profile, and with at least "
            f"{hits.least_density:g} times the contribution of as many average bases of their sequence",
        ),
        ("matches in matches.tsv.gz", f"p ≤ {settings.p_value:g}"),
        *(
            (f"background{f' of {source.name}' if len(evidence.sources) > 1 else ''}", text)
            for source in evidence.sources
            for text in [background_in_words(source.background, settings)]
        ),
    ]


def background_in_words(background: np.ndarray, settings: Settings) -> str:
    """The frequencies of the bases, and where they are from."""
    shares = " ".join(f"{base} {share:.3f}" for base, share in zip("ACGT", background, strict=True))
    return f"{shares} ({'measured' if settings.background is None else 'given'})"


def render(page: Page) -> str:
    """The page as HTML."""
    runs = [source.scores.run for source in page.sources]
    return fill(
        "report.html",
        page=page,
        columns=COLUMNS,
        unit_of=unit_of,
        chapters=page.chapters,
        logos={name: number for number, name in enumerate(page.logos, start=1)},
        verdict=together([each for _, _, each in page.verdicts]),
        complete=all(run.get("complete", True) for run in runs),
        cure=cure(runs[0].get("dtype", "")),
        limit=ADDITIVE,
        most_cancellation=CANCELLING,
        sure=SURE,
        bundled=BUNDLED_NOTE,
        least_effect=LEAST_EFFECT,
        seqlet_rows=SEQLET_ROWS,
    )
