"""The files of an evaluation: a table for each check, the judgements, figures and the page."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from seqattr.evaluate.checks import CHECKS
from seqattr.evaluate.controls import CONTROLS
from seqattr.evaluate.judgement import Judgement
from seqattr.evaluate.measured import Summary
from seqattr.figures.drawings import Drawing, files_of, links_of, write_drawings
from seqattr.io.atomic import check_writable
from seqattr.io.ownership import RUN
from seqattr.io.run_folder import replacing_run
from seqattr.io.stale import drop_stale
from seqattr.io.tables import write_table
from seqattr.io.text import write_json, write_text
from seqattr.jobs.evaluate import page
from seqattr.jobs.evaluate.measuring import Findings
from seqattr.jobs.evaluate.verdicts import word_of
from seqattr.support.advice import phrased

JUDGEMENTS, PAGE = "judgements.tsv", "evaluation.html"


def tables_of(checks: Sequence[str]) -> dict[str, str]:
    """The tables by their files' names, with what is in them."""
    own = {f"{name}.tsv": f"all numbers of {name}, with intervals" for name in checks}
    others = {file: text for name in checks for file, (text, _) in CHECKS[name].tables.items()}
    return {
        JUDGEMENTS: "what each check says of each method and control, and what that rests on",
        **own,
        **others,
    }


def own_figures() -> str:
    """The pattern of the figures' names: each begins with that of its check."""
    return rf"({'|'.join(map(re.escape, CHECKS))}).*\.(png|svg)"


def write(out: Path, findings: Findings, facts: Mapping[str, Any]) -> None:
    """All files, run.json last; they take their names together. Raises OutputError."""
    checks = [examined.check for examined in findings.checks]
    tables = tables_of(checks)
    drawings = {one.check: drawn(one.check, CHECKS[one.check].draw(one.summaries)) for one in findings.checks}
    every = [drawing for some in drawings.values() for drawing in some]
    check_writable(out / "figures")
    with replacing_run(out, [*tables, *files_of(every), PAGE, RUN]) as paths:
        for one in findings.checks:
            write_table(paths[f"{one.check}.tsv"], summary_columns(list(one.summaries)))
            for file, (_, columns) in CHECKS[one.check].tables.items():
                write_table(paths[file], columns())
        write_table(paths[JUDGEMENTS], judgement_columns(findings))
        pictures = dict(zip([d.name for d in every], write_drawings(paths, every), strict=True))
        links = links_of(tables, every)
        shown = {check: [pictures[d.name] for d in some] for check, some in drawings.items()}
        write_text(paths[PAGE], page.render(findings, shown, links, facts))
        write_json(paths[RUN], dict(facts))
    every_table = "|".join(re.escape(name) for name in tables_of(list(CHECKS)))
    drop_stale(out, tables, every_table)
    drop_stale(out / "figures", (Path(name).name for name in files_of(every)), own_figures())


def drawn(check: str, drawings: Sequence[Drawing]) -> list[Drawing]:
    """With the check's name before that of each drawing, so that no two of them are one file."""
    return [
        drawing if drawing.name.startswith(check) else drawing._replace(name=f"{check}_{drawing.name}")
        for drawing in drawings
    ]


def summary_columns(rows: Sequence[Summary]) -> dict[str, Any]:
    """A row for each summary; a seed is "all" of several, and "." where nothing was drawn."""
    columns: dict[str, Any] = {name: [getattr(row, name) for row in rows] for name in Summary._fields}
    columns["seed"] = [seed_in_words(row) for row in rows]
    return columns


def seed_in_words(row: Summary) -> str:
    """Which seed, if any."""
    if row.seed is not None:
        return str(row.seed)
    return "all" if row.between == row.between else ""


def judgement_columns(findings: Findings) -> dict[str, Any]:
    """A row for each check and method."""
    rows: list[Judgement] = [row for one in findings.checks for row in one.judgements]
    kinds = ["control" if row.method in CONTROLS else "method" for row in rows]
    fields = {name: [getattr(row, name) for row in rows] for name in ("check", "method")}
    return {
        **fields,
        "kind": kinds,
        "verdict": [word_of(row) for row in rows],
        "sentence": [phrased(row.sentence) for row in rows],
        "basis": [row.basis for row in rows],
    }
