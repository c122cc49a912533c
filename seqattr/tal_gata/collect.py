"""From scores to the paper's tables, figures and page."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from seqattr.data.simulation_files import read_simulation
from seqattr.figures.drawings import files_of, links_of, write_drawings
from seqattr.io.atomic import check_writable, replacing, replacing_all
from seqattr.io.ownership import Output
from seqattr.io.stale import drop_stale
from seqattr.io.tables import write_table
from seqattr.tal_gata.claims import Judged, judge_all
from seqattr.tal_gata.evidence import Evidence, gather
from seqattr.tal_gata.figures import drawings
from seqattr.tal_gata.page import Page, render
from seqattr.tal_gata.recipe import TABLES
from seqattr.tal_gata.summary import Summary, summarise
from seqattr.tal_gata.tables import tables

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
    out: Path | str,
    force: bool = False,
) -> Collected:
    """Summarise folders of scores of a TAL-GATA simulation: tables, figures and benchmark.html in OUT.

    Folders are told apart by their run.json: model, method and references; folders of one model are one net.
    `metrics` are the files that `seqattr train` wrote beside the models. Files take their names together,
    when all are whole. Raises InputError as `gather` does, OutputError where something cannot be written,
    or stands there that seqattr did not write, unless forced.
    """
    Output(Path(out), force).claim_folder([*TABLES, "benchmark.html"], "measures.tsv")
    evidence = gather(folders, read_simulation(simulation), metrics)
    summary = summarise(evidence.runs)
    alone = [[run for run in evidence.runs if run.net == net.name] for net in evidence.nets]
    claims = judge_all(summary, [summarise(runs) for runs in alone])
    check_writable(Path(out) / "figures")
    write(Path(out), evidence, summary, claims)
    return Collected(Path(out) / "benchmark.html", len(evidence.nets), len(evidence.runs), claims)


def write(out: Path, evidence: Evidence, summary: Summary, claims: Sequence[Judged]) -> None:
    """All files, the page last; then figures of an earlier run go."""
    drawn = list(drawings(evidence, summary))
    files = files_of(drawn)
    with replacing_all(out, [*TABLES, *files, "benchmark.html"]) as paths:
        for name, columns in tables(evidence, summary, claims).items():
            write_table(paths[name], columns)
        pictures = {picture.name: picture for picture in write_drawings(paths, drawn)}
        page = Page(evidence, summary, claims, pictures, links_of(TABLES, drawn))
        with replacing(paths["benchmark.html"]) as part:
            part.write_text(render(page), encoding="utf-8")
    drop_stale(out / "figures", (Path(name).name for name in files), OWN_FIGURES)
