"""The report as one HTML page that needs nothing but itself."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from seqattr.evaluate.drawing import curves_of
from seqattr.evaluate.verdict import ADDITIVE, cure, together
from seqattr.figures.curves import CurveAxes, CurvePanel, curve_figure
from seqattr.figures.html import Link, Picture, fill, png_text
from seqattr.figures.logos import motif_logo
from seqattr.io.scores_folder import CHECK
from seqattr.jobs.report.findings import Evidence, Findings
from seqattr.jobs.report.scores import Scores
from seqattr.jobs.report.settings import Settings
from seqattr.jobs.score.credit import Credit, about_run
from seqattr.motifs.groups import LEAST_EFFECT, SURE, GroupStatistics

MOST_ROWS = 600  # of the motif table: what a telephone still sorts at once
SEQLET_ROWS = 10  # of each target
LOGOS = 30


@dataclass(frozen=True)
class Page:
    """All that the page tells."""

    scores: Scores  # of the first folder
    sequences: int
    length: int
    motifs: int
    picked: str  # in words, which matches were kept
    background: str
    findings: Sequence[Findings]
    places: Sequence[Sequence[Sequence[str]]]  # sequence and bases of each target's seqlets
    logos: dict[str, str]  # base64 PNG of a motif
    panels: Sequence[Picture]
    drawn: Sequence[Picture]
    links: Sequence[Link]
    notes: Sequence[str] = ()  # which motifs were left out
    credit: Credit | None = None  # what a check of the scores came to
    curve: str = ""  # its figure


def all_rows(findings: Iterable[Findings]) -> list[GroupStatistics]:
    """All groups and targets, those that explain most first."""
    return sorted((row for one in findings for row in one.groups), key=lambda row: -row.share)


def table_rows(rows: Sequence[GroupStatistics]) -> list[GroupStatistics]:
    """The rows that the page's table has: those with a hit."""
    return [row for row in rows if row.hits][:MOST_ROWS]


def first_motifs(rows: Sequence[GroupStatistics]) -> list[str]:
    """The motifs that get a logo: those that the first rows are named after."""
    return list(dict.fromkeys(row.group for row in rows))[:LOGOS]


def page_of(
    evidence: Evidence, settings: Settings, pictures: Sequence[Picture], links: Sequence[Link]
) -> Page:
    """The content of the page; of the pictures the panels come first, one for each target."""
    count, first = len(evidence.findings), evidence.sources[0]
    named = {pwm.name: pwm for pwm in evidence.motifs}
    rows = table_rows(all_rows(evidence.findings))
    return Page(
        scores=first.scores,
        sequences=evidence.sequences,
        length=first.length,
        motifs=len(evidence.motifs),
        picked=picked_in_words(settings),
        background=background_in_words(first.background, settings),
        findings=evidence.findings,
        places=[seqlet_places(one) for one in evidence.findings],
        logos={
            name: png_text(motif_logo(named[name].probabilities), transparent=True)
            for name in first_motifs(rows)
        },
        panels=pictures[:count],
        drawn=pictures[count:],
        links=links,
        notes=evidence.notes,
        **credit_of(first.scores),
    )


def credit_of(scores: Scores) -> dict[str, Any]:
    """The check of the scores with its figure, where `score` was asked for one."""
    credit = Credit.read(scores.folder / CHECK, about_run(scores.run))
    curve = png_text(deletion_curve(credit)) if credit is not None and credit.curve else ""
    return {"credit": credit, "curve": curve}


def deletion_curve(credit: Credit) -> Figure:
    """How the output moves as bases go, by the method's order and in a random one."""
    axes = CurveAxes("share of bases replaced, the most important first", "change of the output")
    return curve_figure([CurvePanel(credit.curve[0].target, curves_of(credit.curve))], axes)


def seqlet_places(findings: Findings) -> list[list[str]]:
    """The sequence of each of a target's seqlets, and its bases in it."""
    seqlets = findings.seqlets
    return [
        [findings.source.name_of(row), f"{start}–{start + seqlets.width}"]
        for row, start in zip(seqlets.sequence.tolist(), seqlets.start.tolist(), strict=True)
    ]


def picked_in_words(settings: Settings) -> str:
    """Which matches are listed."""
    strands = {"both": "both strands", "forward": "the forward strand", "reverse": "the reverse strand"}
    return f"p ≤ {settings.p_value:g}, on {strands[settings.strand]}"


def background_in_words(background: np.ndarray, settings: Settings) -> str:
    """The frequencies of the bases, and where they are from."""
    shares = " ".join(f"{base} {share:.3f}" for base, share in zip("ACGT", background, strict=True))
    return f"{shares} ({'measured' if settings.background is None else 'given'})"


def render(page: Page) -> str:
    """The page as HTML."""
    rows, run = all_rows(page.findings), page.scores.run
    return fill(
        "report.html",
        page=page,
        run=run,
        settings=run["settings"],
        rows=table_rows(rows),
        all_rows=len(rows),
        verdict=together([one.verdict for one in page.findings]),
        complete=run.get("complete", True),
        cure=cure(run.get("dtype", "")),
        limit=ADDITIVE,
        sure=SURE,
        least_effect=LEAST_EFFECT,
        most=MOST_ROWS,
        seqlet_rows=SEQLET_ROWS,
    )
