"""What variants do, as a page: the largest effects, how all are spread, and both alleles' contributions.

Its size does not grow with the number of variants.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from seqattr.figures.drawings import Drawing, links_of, write_drawings
from seqattr.figures.effects import EffectPanel, effect_figure
from seqattr.figures.html import Link, fill
from seqattr.figures.numbers import decimal_places
from seqattr.io.ownership import RUN
from seqattr.io.tables import MISSING
from seqattr.io.text import write_text
from seqattr.jobs.variants.contributions import Explained, label_of
from seqattr.jobs.variants.folder import ALLELES, DROPPED, HITS, PAGE, VARIANTS
from seqattr.jobs.variants.gained_lost import LEAST_CHANGE
from seqattr.jobs.variants.largest import Shown
from seqattr.jobs.variants.names import names_of
from seqattr.jobs.variants.summary import Summary
from seqattr.support.ranks import SURE
from seqattr.support.rounding import number_of

MOST_HITS, MOST_SCORES = 100, 24
LEAST_PLACES = 3  # behind the point
FEW = 20  # variants up to which each is drawn by its name


def drawings_of(summary: Summary) -> list[Drawing]:
    """How the effects on each target are spread; of few variants those of each."""
    sample = sorted(summary.sample.drawn(), key=lambda one: one.place)
    effects = np.stack([one.effects for one in sample], axis=1)
    panels = [
        EffectPanel(summary.targets[number], effects[number], f"effect ({summary.units[number]})")
        for number in summary.tops.targets
    ]
    named = names_of([one.cut for one in sample]) if summary.variants <= FEW else []
    number, total = effects.shape[1], number_of(summary.variants, "variant")
    which = f"the {total}" if number == summary.variants else f"{number:,}, drawn at random, of the {total}"
    caption = f"Effects (alternative − reference) of {which}, by target."
    return [Drawing.of("effects", caption, partial(effect_figure, panels, named))]


def write_page(
    paths: Mapping[str, Path],
    summary: Summary,
    facts: Mapping[str, Any],
    drawings: Sequence[Drawing],
    explained: Explained | None,
) -> None:
    """The page and its figure. Raises OutputError."""
    spread = write_drawings(paths, drawings)
    text = fill(
        "variants.html",
        summary=summary,
        facts=facts,
        shown=summary.shown,
        decimals=decimals_of(summary.shown),
        limit=SURE,
        spread=spread,
        explained=explained,
        scores=scores_of(explained),
        changes=changes_shown(explained),
        changes_in_all=len(explained.changes["change"]) if explained and explained.changes else 0,
        hits_file=HITS,
        least_change=LEAST_CHANGE,
        links=links_to(drawings, explained),
    )
    write_text(paths[PAGE], text)


def decimals_of(shown: Shown) -> dict[str, tuple[int, int]]:
    """For each target how many decimals its differences are shown with, and its log ratios: enough for three
    digits of the largest one.
    """
    of_targets = zip(*(row.cells for row in shown.rows), strict=True)
    return {
        cells[0]["target"]: (places("difference", cells), places("log2_ratio", cells)) for cells in of_targets
    }


def places(name: str, cells: Sequence[Mapping[str, str]]) -> int:
    """How many decimals a column is shown with."""
    values = [float(cell[name]) for cell in cells if cell[name] != MISSING]
    return max(LEAST_PLACES, decimal_places(values))


def changes_shown(explained: Explained | None) -> list[dict[str, Any]] | None:
    """The first of the hits that come and go; None where no motifs were given."""
    if explained is None or explained.changes is None:
        return None
    values = zip(*explained.changes.values(), strict=True)
    rows = [dict(zip(explained.changes, row, strict=True)) for row in values]
    return [row | {"label": label_of(row)} for row in rows[:MOST_HITS]]


def scores_of(explained: Explained | None) -> list[str]:
    """The files of scores that the page has links to: of very many targets those of some, and of all two."""
    files = explained.scores if explained else []
    return [*files[:-2][:MOST_SCORES], *files[-2:]]


def links_to(drawings: Sequence[Drawing], explained: Explained | None) -> list[Link]:
    """The files beside the page."""
    tables = {
        VARIANTS: "both alleles' outputs of each variant and target",
        DROPPED: "what was left out, and why",
        RUN: "what it takes to do it again",
    }
    if explained is not None:
        tables[ALLELES] = "the windows with either allele that were explained"
        tables |= {HITS: "the hits that come and go"} if explained.changes is not None else {}
    pictures = explained.pictures if explained else []
    more = [Link(f"figures/{one.name}.{form}", one.caption) for one in pictures for form in ("svg", "png")]
    return [*links_of(tables, drawings), *more]
