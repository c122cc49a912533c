"""The report as one HTML page that needs nothing but itself."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from seqattr.dna.regions import Region
from seqattr.evaluate.drawing import curves_of
from seqattr.evaluate.verdict import ADDITIVE, cure, together
from seqattr.figures.curves import CurveAxes, CurvePanel, curve_figure
from seqattr.figures.html import Link, Picture, fill, png_text
from seqattr.figures.logos import motif_logo
from seqattr.io.scores_folder import CHECK
from seqattr.jobs.report.findings import Evidence, Findings, by_clearness
from seqattr.jobs.report.scores import Scores
from seqattr.jobs.report.settings import Settings
from seqattr.jobs.score.credit import Credit, about_run
from seqattr.motifs.statistics import LEAST_EFFECT, SURE, MotifStatistics

MOST_ROWS = 600  # of the motif table: what a telephone still sorts at once
FEW_MOTIFS = 100  # up to so many are all in the table
SEQLET_ROWS = 10  # of each target
LOGOS = 30


@dataclass(frozen=True)
class Page:
    """All that the page tells."""

    scores: Scores
    sequences: int
    length: int
    motifs: int
    picked: str  # in words, which matches were kept
    background: str
    strong: float
    findings: Sequence[Findings]
    places: Sequence[Sequence[Sequence[str]]]  # sequence and bases of each target's seqlets
    logos: dict[str, str]  # base64 PNG of a motif
    panels: Sequence[Picture]
    drawn: Sequence[Picture]
    links: Sequence[Link]
    notes: Sequence[str] = ()  # which motifs were left out
    credit: Credit | None = None  # what a check of the scores came to
    curve: str = ""  # its figure


def all_rows(findings: Iterable[Findings]) -> list[MotifStatistics]:
    """All motifs and targets, the clearest first."""
    return by_clearness(row for one in findings for row in one.statistics)


def table_rows(rows: Sequence[MotifStatistics], motifs: int) -> list[MotifStatistics]:
    """The rows that the page's table has: of a large collection only those with a strong match."""
    some = rows if motifs <= FEW_MOTIFS else [row for row in rows if row.observed.strong]
    return list(some[:MOST_ROWS])


def first_motifs(rows: Sequence[MotifStatistics]) -> list[str]:
    """The motifs that get a logo: those of the first rows."""
    return list(dict.fromkeys(row.motif for row in rows))[:LOGOS]


def page_of(
    evidence: Evidence, settings: Settings, pictures: Sequence[Picture], links: Sequence[Link]
) -> Page:
    """The content of the page; of the pictures the panels come first, one for each target."""
    count = len(evidence.findings)
    motifs = evidence.matches.motifs
    named = {pwm.name: pwm for pwm in motifs}
    rows = table_rows(all_rows(evidence.findings), len(motifs))
    return Page(
        scores=evidence.scores,
        sequences=len(evidence.regions),
        length=evidence.length,
        motifs=len(motifs),
        picked=picked_in_words(settings, len(evidence.each_locus_once)),
        background=background_in_words(evidence.matches.background, settings),
        strong=settings.strong,
        findings=evidence.findings,
        places=[seqlet_places(one, evidence.regions) for one in evidence.findings],
        logos={
            name: png_text(motif_logo(named[name].probabilities), transparent=True)
            for name in first_motifs(rows)
        },
        panels=pictures[:count],
        drawn=pictures[count:],
        links=links,
        notes=evidence.notes,
        **credit_of(evidence.scores),
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


def seqlet_places(findings: Findings, regions: Sequence[Region]) -> list[list[str]]:
    """The sequence of each of a target's seqlets, and its bases in it."""
    seqlets = findings.seqlets
    return [
        [regions[row].name or str(regions[row]), f"{start}–{start + seqlets.width}"]
        for row, start in zip(seqlets.sequence.tolist(), seqlets.start.tolist(), strict=True)
    ]


def picked_in_words(settings: Settings, count: int) -> str:
    """How many matches were kept, and by which limits."""
    strands = {"both": "both strands", "forward": "the forward strand", "reverse": "the reverse strand"}
    kept = "all" if settings.top is None else f"at most {settings.top} per motif and sequence"
    limits = [] if settings.log_odds is None else [f"log-odds ≥ {settings.log_odds:g}"]
    limits += [] if settings.p_value is None else [f"p ≤ {settings.p_value:g}"]
    return f"{count:,}: {', '.join([kept, *limits])}, on {strands[settings.strand]}"


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
        rows=table_rows(rows, page.motifs),
        all_rows=len(rows),
        verdict=together([one.verdict for one in page.findings]),
        complete=run.get("complete", True),
        cure=cure(run.get("dtype", "")),
        limit=ADDITIVE,
        sure=SURE,
        least_effect=LEAST_EFFECT,
        few=FEW_MOTIFS,
        most=MOST_ROWS,
        seqlet_rows=SEQLET_ROWS,
    )
