"""What variants do, as a page: the largest effects, how all are spread, and both alleles' contributions.

Its size does not grow with the number of variants.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from seqattr.dna.variants import shortened
from seqattr.figures.drawings import Drawing, links_of, write_drawings
from seqattr.figures.effects import EffectPanel, effect_figure
from seqattr.figures.html import Link, fill
from seqattr.figures.style import short_name
from seqattr.io.text import write_text
from seqattr.jobs.variants.contributions import ALLELES, HITS, Explained, label_of
from seqattr.jobs.variants.null import SURE, Null
from seqattr.jobs.variants.summary import Summary
from seqattr.jobs.variants.table import DROPPED, VARIANTS, rows_of

PAGE = "variants.html"
MOST_VARIANTS, MOST_TARGETS, MOST_HITS = 50, 12, 100
LONGEST_NAME = 40


class Row(NamedTuple):
    """A variant as the page shows it, and its numbers for each target shown."""

    name: str
    place: str
    alleles: str
    cells: list[dict[str, Any]]


def shown_targets(summary: Summary) -> list[int]:
    """The targets that are shown, in order: of very many those with the largest effects."""
    most = np.max([large.effects.difference.abs().numpy()[:, 0] for large in summary.largest], axis=0)
    return sorted(np.argsort(-most, kind="stable")[:MOST_TARGETS].tolist())


def drawings_of(summary: Summary) -> list[Drawing]:
    """How the effects on each target are spread."""
    effects = np.stack([one.effects for one in summary.sample.drawn()], axis=1)
    panels = [
        EffectPanel(summary.targets[number], effects[number], f"effect ({summary.units[number]})")
        for number in shown_targets(summary)
    ]
    drawn = "all" if effects.shape[1] == summary.variants else f"{effects.shape[1]:,}, drawn at random,"
    caption = f"Effects (alternative - reference) of {drawn} of the {summary.variants:,} variants by target."
    return [Drawing("effects", caption, effect_figure(panels))]


def table_of(summary: Summary, null: Null | None) -> list[Row]:
    """The variants of the largest effects, with the numbers that the table in the file has."""
    rows = []
    for large in summary.largest[:MOST_VARIANTS]:
        columns = dict(rows_of([large.cut], large.effects))
        if null is not None:
            differences = np.array(columns["difference"], float)
            columns["q_value"] = null.values(columns["target"], differences)[1].tolist()
        cells = [{name: values[n] for name, values in columns.items()} for n in shown_targets(summary)]
        variant = large.cut.variant
        place = f"{variant.chrom}:{variant.start + 1:,}"
        alleles = f"{shortened(variant.ref) or '-'} > {shortened(variant.alt) or '-'}"
        rows.append(Row(short_name(variant.label, LONGEST_NAME), place, alleles, cells))
    return rows


def largest_of(rows: Sequence[Row]) -> list[tuple[Row, dict[str, Any]]]:
    """For each target the variant whose effect is largest, and the numbers."""
    return [
        max(((row, row.cells[n]) for row in rows), key=lambda one: abs(float(one[1]["difference"])))
        for n in range(len(rows[0].cells))
    ]


def write_page(
    paths: Mapping[str, Path],
    summary: Summary,
    facts: Mapping[str, Any],
    null: Null | None,
    drawings: Sequence[Drawing],
    explained: Explained | None,
) -> None:
    """The page and its figure. Raises OutputError."""
    spread = write_drawings(paths, drawings)
    rows = table_of(summary, null)
    text = fill(
        "variants.html",
        summary=summary,
        facts=facts,
        rows=rows,
        tops=largest_of(rows),
        chance=null is not None,
        sure=null.sure() if null is not None else {},
        limit=SURE,
        spread=spread,
        pictures=explained.pictures if explained else [],
        changes=changes_shown(explained),
        changes_in_all=len(explained.changes["change"]) if explained and explained.changes else 0,
        hits_file=HITS,
        links=links_to(drawings, explained),
    )
    write_text(paths[PAGE], text)


def changes_shown(explained: Explained | None) -> list[dict[str, Any]] | None:
    """The first of the hits that come and go; None where no motifs were given."""
    if explained is None or explained.changes is None:
        return None
    values = zip(*explained.changes.values(), strict=True)
    rows = [dict(zip(explained.changes, row, strict=True)) for row in values]
    return [row | {"label": label_of(row)} for row in rows[:MOST_HITS]]


def links_to(drawings: Sequence[Drawing], explained: Explained | None) -> list[Link]:
    """The files beside the page."""
    tables = {
        VARIANTS: "both alleles' outputs of each variant and target",
        DROPPED: "what was left out, and why",
        "run.json": "what it takes to do it again",
    }
    if explained is not None:
        tables[ALLELES] = "the windows with either allele that were explained"
        tables |= {HITS: "the hits that come and go"} if explained.changes is not None else {}
    pictures = explained.pictures if explained else []
    more = [Link(f"figures/{one.name}.{form}", one.caption) for one in pictures for form in ("svg", "png")]
    return [*links_of(tables, drawings), *more]
