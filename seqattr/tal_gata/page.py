"""The benchmark as one HTML page that needs nothing but itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from seqattr.data.simulate import TASKS
from seqattr.figures.html import Link, Picture, fill
from seqattr.methods.registry import METHODS
from seqattr.motifs.matches import STRONG
from seqattr.support.version import package_version
from seqattr.tal_gata.claims import FREQUENCIES, SHUFFLES, Judged
from seqattr.tal_gata.evidence import Evidence
from seqattr.tal_gata.figures import SHORT
from seqattr.tal_gata.measures import CREDIT, TOP
from seqattr.tal_gata.recipe import COSTLY, EVALUATION_SHARES, FULL
from seqattr.tal_gata.summary import POOLED, SHARES, Summary

HEADINGS = {
    "not_positive": "missed",
    "off_task": "off-task",
    "auroc": "AUROC",
    "average_precision": "av. precision",
    "precision": "precision",
    "recall": "recall",
}
SECTIONS = {
    "claims": "The paper's claims",
    "missed": "Motifs that are missed",
    "off-task": "Credit in the wrong task",
    "table": "All measures",
    "scatter": "Importance against log-odds",
    "sequence": "One sequence under each method",
    "quality": "Against the truth",
    "references": "Other references",
    "nets": "The nets",
    "files": "Files",
}
# The figures without which a section is left out.
NEEDED = {"sequence": "fig6_sequence", "references": "appendix_j_references"}


@dataclass(frozen=True)
class Page:
    """All that the page tells."""

    evidence: Evidence
    summary: Summary
    claims: Sequence[Judged]
    pictures: Mapping[str, Picture]
    links: Sequence[Link]


def render(page: Page) -> str:
    """The page as HTML."""
    evidence = page.evidence
    judged = [
        judged_claim.verdict.holds for judged_claim in page.claims if judged_claim.verdict.holds is not None
    ]
    used = {run.method for run in evidence.runs}
    return fill(
        "benchmark.html",
        page=page,
        nets=evidence.nets,
        simulation=evidence.simulation,
        both=int(evidence.simulation.labels[:, TASKS.index("both")].sum()),
        methods=list(dict.fromkeys(run.method for run in evidence.runs)),
        missing=[name for name in METHODS if name not in used and name not in COSTLY],
        costly=[name for name in METHODS if name in COSTLY and name not in used],
        judged_with=(FREQUENCIES, SHUFFLES),
        usual=FULL.evaluation * EVALUATION_SHARES[0] // sum(EVALUATION_SHARES),
        held=sum(judged),
        judged=len(judged),
        sections=[
            (anchor, title)
            for anchor, title in SECTIONS.items()
            if anchor not in NEEDED or NEEDED[anchor] in page.pictures
        ],
        titles=SECTIONS,
        short=SHORT,
        strong_matches=evidence.runs[0].measures[POOLED].matches,
        headings=HEADINGS,
        shares=SHARES,
        tasks=TASKS,
        top=TOP,
        strong=STRONG,
        credit=CREDIT,
        version=package_version(),
    )
