"""The report as one HTML page that needs nothing but itself."""

import base64
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, NamedTuple

import jinja2
from matplotlib.figure import Figure

from seqattr.motif_statistics import MotifStatistics
from seqattr.report.figures import save
from seqattr.report.findings import Findings, ranked
from seqattr.report.scores import Scores

# Contributions that miss the difference by more than this share of it are not float32's rounding.
ADDITIVE = 1e-3
MOST_ROWS = 600  # of the motif table: what a telephone still sorts at once
FEW_MOTIFS = 100  # up to so many are all in the table
SEQLET_ROWS = 10  # of each target
LOGOS = 30


class Picture(NamedTuple):
    """A figure within the page."""

    png: str  # base64
    name: str
    caption: str


class Link(NamedTuple):
    """A file beside the page."""

    name: str
    help: str


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


def png_text(figure: Figure, **options: Any) -> str:
    """A figure as base64 PNG."""
    file = BytesIO()
    save(figure, file, "png", **options)
    return base64.b64encode(file.getvalue()).decode("ascii")


def all_rows(findings: Iterable[Findings]) -> list[MotifStatistics]:
    """All motifs and targets, the clearest first."""
    return ranked(row for each in findings for row in each.statistics)


def shown(rows: Sequence[MotifStatistics], motifs: int) -> list[MotifStatistics]:
    """The rows that the page's table has: of a large collection only those with a strong match."""
    some = rows if motifs <= FEW_MOTIFS else [row for row in rows if row.found.strong]
    return list(some[:MOST_ROWS])


def first_motifs(rows: Sequence[MotifStatistics]) -> list[str]:
    """The motifs that get a logo: those of the first rows."""
    return list(dict.fromkeys(row.motif for row in rows))[:LOGOS]


def render(page: Page) -> str:
    """The page as HTML; whatever came out of files is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("seqattr.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "percent": percent, "tiny": tiny, "sortable": sortable}
    rows = all_rows(page.findings)
    return environment.get_template("report.html").render(
        page=page,
        run=page.scores.run,
        settings=page.scores.run["settings"],
        rows=shown(rows, page.motifs),
        all_rows=len(rows),
        additive=all(each.worst_error <= ADDITIVE for each in page.findings),
        limit=ADDITIVE,
        few=FEW_MOTIFS,
        most=MOST_ROWS,
        seqlet_rows=SEQLET_ROWS,
    )


def number(value: float) -> str:
    """Three digits that count, as 3.96 or 1,230; a dash where there is no number."""
    if not math.isfinite(value):
        return "–"
    if value == 0 or 0.001 <= abs(value) < 1000:
        return f"{value:.3g}".replace("-", "−")
    return (f"{value:.1e}" if abs(value) < 1 else f"{value:,.0f}").replace("-", "−")


def tiny(value: float) -> str:
    """An error or a probability, which may be very small: 0.03, 2e-29."""
    if not math.isfinite(value):
        return "–"
    return f"{value:.2g}" if value >= 0.001 or value == 0 else f"{value:.0e}"


def percent(value: float) -> str:
    return "–" if math.isnan(value) else f"{100 * value:.3g} %" if value > 0.995 else f"{100 * value:.2g} %"


def sortable(value: float) -> str:
    """A number as the page's script sorts it; what is none goes last."""
    return repr(float(value)) if math.isfinite(value) else ""
