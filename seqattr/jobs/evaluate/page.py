"""evaluation.html: which methods are to be believed, and what that rests on."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from seqattr.evaluate.checks import CHECKS, Check
from seqattr.evaluate.controls import CONTROLS
from seqattr.evaluate.judgement import Judgement
from seqattr.figures.html import Link, Picture, fill
from seqattr.jobs.evaluate.measuring import Examined, Findings
from seqattr.jobs.evaluate.verdicts import BELIEVE, CAREFUL, DOUBT, OPEN, cell, verdicts, word_of
from seqattr.methods.registry import METHODS
from seqattr.support.resampling import CONFIDENCE

ORDER = (BELIEVE, CAREFUL, DOUBT, OPEN)
SIGNS = {BELIEVE: "✓", CAREFUL: "!", DOUBT: "✗", OPEN: "?"}
TONES = {BELIEVE: "good", CAREFUL: "care", DOUBT: "bad", OPEN: "none"}
CELL_SIGNS = {"passes": "✓", "fails": "✗", "told": "·", "undecided": "?", "not done": "–"}


class Section(NamedTuple):
    """A check on the page."""

    name: str
    check: Check
    examined: Examined
    methods: list[tuple[Judgement, str]]  # with its word
    controls: list[tuple[Judgement, str]]
    pictures: Sequence[Picture]


def render(
    findings: Findings,
    pictures: Mapping[str, Sequence[Picture]],
    links: Sequence[Link],
    facts: Mapping[str, Any],
) -> str:
    """The page as HTML."""
    question = findings.asked.question
    told = sorted(verdicts(findings), key=lambda verdict: ORDER.index(verdict.word))
    sections = [section(one, pictures[one.check]) for one in findings.checks]
    controls = dict.fromkeys(name for one in findings.checks for name in CHECKS[one.check].controls)
    return fill(
        "evaluation.html",
        facts=facts,
        sequences=len(findings.asked.names),
        length=question.sequences.shape[2],
        targets=question.names,
        verdicts=told,
        sections=sections,
        words={
            (one.check, verdict.method): cell(one, verdict.method)
            for one in findings.checks
            for verdict in told
        },
        summaries={name: METHODS[name.partition(":")[0]].summary for name in question.methods},
        controls={name: CONTROLS[name].summary for name in controls},
        signs=SIGNS,
        tones=TONES,
        cell_signs=CELL_SIGNS,
        confidence=CONFIDENCE,
        links=links,
    )


def section(examined: Examined, pictures: Sequence[Picture]) -> Section:
    """Judgements of methods first, failures before what passes; those of controls by themselves."""
    rows = [(judgement, word_of(judgement)) for judgement in examined.judgements]
    own = [row for row in rows if row[0].method not in CONTROLS]
    order = {False: 0, None: 2, True: 1}
    own.sort(key=lambda row: order[row[0].passes])
    controls = [row for row in rows if row[0].method in CONTROLS]
    return Section(examined.check, CHECKS[examined.check], examined, own, controls, pictures)
