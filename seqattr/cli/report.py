"""seqattr report"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from seqattr.cli.options import FORCE, OUT, PATH, TableOption, settings, threads_option
from seqattr.cli.terminal import calling, say, this_command, warn
from seqattr.cli.values import read_by
from seqattr.errors import InputError, some_of
from seqattr.support.rounding import number_of
from seqattr.support.texts import comma_separated

if TYPE_CHECKING:
    from seqattr.jobs.report.run import Summary
    from seqattr.jobs.report.settings import Settings
    from seqattr.motifs.sources import MotifSource


def frequencies(text: str) -> tuple[float, ...]:
    """Four numbers with commas between them."""
    numbers = comma_separated(text, float)
    if numbers is None:
        raise InputError(f"--background must be four numbers, as 0.3,0.2,0.2,0.3, not '{text}'")
    return numbers


def formats(sources: "Mapping[str, MotifSource]") -> str:
    """The names of those sources that are formats of files."""
    return ", ".join(name for name, source in sources.items() if source.form == "FILE")


@click.command()
@click.argument("folders", type=PATH, nargs=-1, required=True, metavar="SCORES...")
@click.option(
    "--motifs",
    "specs",
    multiple=True,
    required=True,
    cls=TableOption,
    table="seqattr.motifs.sources:MOTIF_SOURCES",
    listed=formats,
    help="Motif file ({}), jaspar:NAME, or bundled (TAL1 and GATA1 alone); repeatable.",
)
@click.option("--out", type=OUT, help="Folder for the report. Default: SCORES/report, of a single one.")
@click.option("--strand", default="both", show_default=True, help="both, forward or reverse.")
@click.option(
    "--p-value", default=1e-4, show_default=True, help="Largest p-value of what matches.tsv.gz lists."
)
@click.option(
    "--background",
    metavar="A,C,G,T",
    callback=read_by(frequencies),
    help="Base frequencies. Default: as measured.",
)
@click.option("--sequences", default=20, show_default=True, help="How many sequences to draw.")
@click.option("--seed", default=0, show_default=True, help="Seed of the motifs' twins.")
@click.option("--strict", is_flag=True, help="An odd motif of a file is an error, not left out.")
@threads_option()
@FORCE
@settings("seqattr.jobs.report.settings", command=this_command)
def report(
    folders: tuple[Path, ...], specs: tuple[str, ...], out: Path | None, force: bool, settings: "Settings"
) -> None:
    """Which motifs carry the importance: a page, tables and figures.

    SCORES is what `seqattr score` wrote; several (cell types, methods, folds) stand side by side. Writes
    report.html, hits.tsv, hits.bed, groups.tsv, motifs.tsv, seqlets.tsv, matches.tsv.gz, figures/ and
    run.json.
    """
    from seqattr.jobs.report.run import report as run

    with calling("reporting") as caller:
        summary = run(folders, specs, settings, out, force, caller)
    tell(summary)


def explained(summary: "Summary", label: str) -> str:
    """How many of a target's hits are sure, and how much these explain."""
    count, sure = summary.hits[label], summary.sure[label]
    if not count:
        return "there is no hit"
    hits = number_of(count, "hit")
    if not sure:
        return f"none of {hits} is sure"
    are = "is sure and explains" if sure == 1 else "are sure and explain"
    return f"{sure:,} of {hits} {are} {summary.explained[label]:.1%} of all contributions"


def tell(summary: "Summary") -> None:
    """What was found, in a few lines."""
    warn(*summary.notes)
    for label, names in summary.carrying.items():
        carry = "group of motifs carries" if len(names) == 1 else "groups of motifs carry"
        some = f": {some_of(names, 5)}" if names else ""
        say(f"{label}: {len(names)} {carry} importance{some}; {explained(summary, label)}")
        if label in summary.hardly:
            warn(f"{label}: {summary.hardly[label]}")
    if summary.verdict.missing:
        warn(f"{summary.verdict.misses()}; the page says for which targets")
    if summary.verdict.cancelling:
        warn(summary.verdict.cancellations())
    what = f"{number_of(summary.sequences, 'sequence')} and {number_of(summary.motifs, 'motif')}"
    say(f"{what}: wrote {summary.page} in {summary.seconds:.1f} s")
