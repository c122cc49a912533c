"""seqattr report"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from seqattr.cli.options import FORCE, OUT, PATH, TableOption, settings, threads_option
from seqattr.cli.terminal import say, warn
from seqattr.cli.values import or_none, read_by
from seqattr.errors import InputError, some_of
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
@click.argument("folder", type=PATH)
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
@click.option("--out", type=OUT, help="Folder for the report. Default: FOLDER/report.")
@click.option("--strand", default="both", show_default=True, help="both, forward or reverse.")
@click.option(
    "--top",
    default=5,
    show_default=True,
    callback=read_by(or_none),
    help="Matches per motif and sequence; 0 keeps all.",
)
@click.option(
    "--log-odds", default=0.0, show_default=True, help="Least log-odds of a match, in natural logarithms."
)
@click.option("--p-value", type=float, help="Largest p-value of a match.")
@click.option("--strong", default=7.0, show_default=True, help="Log-odds from which a match is strong.")
@click.option(
    "--background",
    metavar="A,C,G,T",
    callback=read_by(frequencies),
    help="Base frequencies. Default: as measured.",
)
@click.option("--sequences", default=20, show_default=True, help="How many sequences to draw.")
@click.option("--seed", default=0, show_default=True, help="Seed of the shuffled motifs.")
@click.option("--strict", is_flag=True, help="An odd motif of a file is an error, not left out.")
@threads_option()
@FORCE
@settings("seqattr.jobs.report.settings")
def report(folder: Path, specs: tuple[str, ...], out: Path | None, force: bool, settings: "Settings") -> None:
    """Which motifs carry the importance: a page, tables and figures.

    FOLDER is what `seqattr score` wrote. Writes report.html, matches.tsv, matches.bed, motifs.tsv,
    seqlets.tsv and figures/ to FOLDER/report.
    """
    from seqattr.jobs.report.run import report as run

    tell(run(folder, specs, settings, out, force))


def tell(summary: "Summary") -> None:
    """What was found, in a few lines."""
    warn(*summary.notes)
    say(f"{summary.matches} matches of {summary.motifs} motifs in {summary.sequences} sequences")
    for target, names in summary.carrying.items():
        some = some_of(names, 5)
        say(f"{target}: {len(names)} motifs carry importance{': ' if names else ''}{some}")
    if summary.verdict.missing:
        warn(f"{summary.verdict.misses()}; the page says for which targets")
    if summary.verdict.cancelling:
        warn(summary.verdict.cancellations())
    say(f"wrote {summary.page} in {summary.seconds:.1f} s")
