"""seqattr finemo"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from seqattr.cli.options import OUT, PATH, SCORED_TARGETS, force_option, settings, threads_option
from seqattr.cli.terminal import calling, say, this_command

if TYPE_CHECKING:
    from seqattr.io.ownership import Output
    from seqattr.jobs.finemo import Settings


@click.command()
@click.argument("folder", type=PATH, metavar="SCORES")
@click.option(
    "--motifs",
    "motifs",
    multiple=True,
    required=True,
    help="TF-MoDISco's patterns (HDF5), or motifs as of `seqattr report`; repeatable.",
)
@click.option("--out", type=OUT, default="finemo", show_default=True, help="Folder for the results.")
@SCORED_TARGETS
@click.option(
    "--sparsity", default=0.7, show_default=True, help="Fi-NeMo's lambda: the higher, the fewer hits."
)
@click.option("--seed", default=0, show_default=True, help="Seed of the motifs that are none, for our hits.")
@threads_option()
@force_option
@settings("seqattr.jobs.finemo", command=this_command)
def finemo(folder: Path, output: "Output", settings: "Settings") -> None:
    """Motif hits by Fi-NeMo (which is to be installed), compared with our own.

    SCORES is what `seqattr score` wrote. Writes hits.tsv and hits.bed, agreement.tsv (how many hits of each
    motif both have), figures/ and run.json to OUT.
    """
    from seqattr.jobs.finemo import run

    with calling("Fi-NeMo") as caller:
        compared = run(folder, output, settings, caller)
    for one in compared:
        ours, theirs = len(one.ours), len(one.theirs)
        both = f"{one.theirs_agree.sum()} of them are ours, {one.ours_agree.sum()} of our {ours} are its"
        say(f"{one.target}: {theirs} hits by Fi-NeMo; {both}")
    say(f"wrote {output.path}")
