"""The report as one HTML page that needs nothing but itself."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from seqattr.evaluate.verdict import ADDITIVE, cure, together
from seqattr.figures.html import Link, Picture, fill
from seqattr.jobs.report.findings import Findings, ranked
from seqattr.jobs.report.scores import Scores
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


def all_rows(findings: Iterable[Findings]) -> list[MotifStatistics]:
    """All motifs and targets, the clearest first."""
    return ranked(row for each in findings for row in each.statistics)


def shown(rows: Sequence[MotifStatistics], motifs: int) -> list[MotifStatistics]:
    """The rows that the page's table has: of a large collection only those with a strong match."""
    some = rows if motifs <= FEW_MOTIFS else [row for row in rows if row.observed.strong]
    return list(some[:MOST_ROWS])


def first_motifs(rows: Sequence[MotifStatistics]) -> list[str]:
    """The motifs that get a logo: those of the first rows."""
    return list(dict.fromkeys(row.motif for row in rows))[:LOGOS]


def render(page: Page) -> str:
    """The page as HTML."""
    rows, run = all_rows(page.findings), page.scores.run
    return fill(
        "report.html",
        page=page,
        run=run,
        settings=run["settings"],
        rows=shown(rows, page.motifs),
        all_rows=len(rows),
        verdict=together([each.verdict for each in page.findings]),
        complete=run.get("complete", True),
        cure=cure(run.get("dtype", "")),
        limit=ADDITIVE,
        sure=SURE,
        least_effect=LEAST_EFFECT,
        few=FEW_MOTIFS,
        most=MOST_ROWS,
        seqlet_rows=SEQLET_ROWS,
    )
