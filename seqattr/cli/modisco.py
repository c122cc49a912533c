"""seqattr modisco"""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from seqattr.cli.options import OUT, PATH, SCORED_TARGETS, force_option, settings, threads_option
from seqattr.cli.terminal import calling, say, this_command
from seqattr.errors import some_of

if TYPE_CHECKING:
    from seqattr.io.ownership import Output
    from seqattr.jobs.modisco import Settings


@click.command()
@click.argument("folder", type=PATH, metavar="SCORES")
@click.option("--out", type=OUT, default="modisco", show_default=True, help="Folder for the results.")
@SCORED_TARGETS
@click.option(
    "--window", default=400, show_default=True, help="Bases around the centre of each sequence to look in."
)
@click.option("--seqlets", default=20_000, show_default=True, help="Seqlets of either sign at most.")
@click.option("--runs", default=2, show_default=True, help="Runs of the clustering, with different seeds.")
@click.option(
    "--motifs",
    "known",
    multiple=True,
    help="Known motifs, as of `seqattr report`; a pattern that is like one has its name. Repeatable.",
)
@click.option("--report", "pages", is_flag=True, help="Make a report with the patterns too, in OUT/report.")
@threads_option()
@force_option
@settings("seqattr.jobs.modisco", command=this_command)
def modisco(folder: Path, output: "Output", settings: "Settings") -> None:
    """Patterns that repeat in contributions, by TF-MoDISco (modisco-lite, which is to be installed).

    SCORES is what `seqattr score` wrote. Writes <target>.modisco.h5, which `seqattr report --motifs` and
    Fi-NeMo read, <target>.patterns.tsv, and run.json to OUT.
    """
    from seqattr.jobs.modisco import run

    with calling("TF-MoDISco") as caller:
        found, page = run(folder, output, settings, caller)
    for one in found:
        names = some_of([f"{pattern.name} ({pattern.seqlets} seqlets)" for pattern in one.patterns], 5)
        say(f"{one.target}: {names or 'no patterns'}")
    if page is None and any(one.patterns for one in found):
        motifs = (word for one in found if one.patterns for word in ("--motifs", str(one.path)))
        say(f"next: {shlex.join(['seqattr', 'report', str(folder), *motifs])}")
    say(f"wrote {page or output.path}")
