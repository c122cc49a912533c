"""From scores to the paper's tables, figures and page."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from seqattr.data.simulation_files import read_simulation
from seqattr.figures.drawings import files_of, links_of, write_drawings
from seqattr.io.atomic import check_writable
from seqattr.io.ownership import RUN, Output
from seqattr.io.run_folder import replacing_run
from seqattr.io.stale import drop_stale
from seqattr.io.tables import write_table
from seqattr.io.text import write_json, write_text
from seqattr.jobs.provenance import facts_of_run
from seqattr.tal_gata.claims import Judged, judge_all
from seqattr.tal_gata.evidence import Evidence, gather
from seqattr.tal_gata.figures import drawings
from seqattr.tal_gata.page import Page, render
from seqattr.tal_gata.recipe import TABLES
from seqattr.tal_gata.summary import Summary, summarise
from seqattr.tal_gata.tables import tables

PAGE = "benchmark.html"
OWN_FIGURES = r"(fig5[ab]_.+|fig6_sequence(_paper)?|appendix_j_references)\.(png|svg)"


class Collected(NamedTuple):
    """What was collected, and where its page is."""

    page: Path
    nets: int
    runs: int
    claims: Sequence[Judged]


def collect(
    folders: Sequence[Path],
    simulation: Path | str,
    metrics: Sequence[Path],
    output: Output,
    command: str = "",
) -> Collected:
    """Summarise folders of scores of a TAL-GATA simulation: tables, figures, benchmark.html, run.json.

    Folders are told apart by their run.json: model, method and references; folders of one model are one net.
    `metrics` are the files that `seqattr train` wrote beside the models. Files take their names together,
    when all are whole. `command` is what was typed. Raises InputError as `gather` does, OutputError where
    something cannot be written, or stands there that seqattr did not write, or another call, unless forced.
    """
    claim(output, command)
    evidence = gather(folders, read_simulation(simulation), metrics)
    summary = summarise(evidence.runs)
    alone = [[run for run in evidence.runs if run.net == net.name] for net in evidence.nets]
    claims = judge_all(summary, [summarise(runs) for runs in alone])
    asked = {"scores": [*map(str, folders)], "simulation": str(simulation), "metrics": [*map(str, metrics)]}
    check_writable(output.path / "figures")
    facts = facts_of_run(settings={**asked, "command": command})
    write(output.path, Work(evidence, summary, claims), facts)
    return Collected(output.path / PAGE, len(evidence.nets), len(evidence.runs), claims)


def claim(output: Output, command: str) -> None:
    """The folder of what this command collects. Raises OutputError where others' files stand there."""
    output.claim_results([*TABLES, PAGE, RUN], command, OWN_FIGURES)


class Work(NamedTuple):
    """All that is told."""

    evidence: Evidence
    summary: Summary
    claims: Sequence[Judged]


def write(out: Path, work: Work, facts: dict[str, Any]) -> None:
    """All files; then figures of an earlier run go."""
    drawn = list(drawings(work.evidence, work.summary))
    files = files_of(drawn)
    with replacing_run(out, [*TABLES, *files, PAGE, RUN]) as paths:
        for name, columns in tables(*work).items():
            write_table(paths[name], columns)
        pictures = {picture.name: picture for picture in write_drawings(paths, drawn)}
        links = links_of({**TABLES, RUN: "what it takes to do it again"}, drawn)
        write_text(paths[PAGE], render(Page(*work, pictures, links)))
        write_json(paths[RUN], facts)
    drop_stale(out / "figures", (Path(name).name for name in files), OWN_FIGURES)
