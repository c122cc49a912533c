"""seqattr influence"""

from typing import TYPE_CHECKING

import click

from seqattr.cli.options import FORCE, OUT_FILE, PATH, device_option, settings, threads_option
from seqattr.cli.terminal import calling, say

if TYPE_CHECKING:
    from seqattr.jobs.influence import Request


@click.command()
@click.option(
    "--checkpoints", type=PATH, required=True, help="Folder that `seqattr train --checkpoints` wrote."
)
@click.option("--train", "data", type=PATH, required=True, help="The data set that was trained on.")
@click.option("--fasta", type=PATH, help="Test sequences without labels. Default: those of --split.")
@click.option(
    "--split", default="test", show_default=True, help="Split of the data set: test, valid or train."
)
@click.option("--name", "names", multiple=True, help="A test sequence by name; repeatable.")
@click.option(
    "--number", default=10, show_default=True, help="Else the first so many test sequences; 0 takes all."
)
@click.option(
    "--target",
    help="Of this output, or what is made of outputs, alone; needed with --fasta. Default: the loss of all.",
)
@click.option("--top", default=10, show_default=True, help="Proponents and opponents of each test sequence.")
@click.option("--out", type=OUT_FILE, default="influence.tsv", show_default=True, help="The table to write.")
@click.option("--scores", type=OUT_FILE, help="HDF5 file for all scores, a row for each test sequence.")
@click.option("--pad", is_flag=True, help="Fill shorter sequences of --fasta up with N.")
@click.option("--crop", is_flag=True, help="Cut longer sequences of --fasta to their middle.")
@device_option
@threads_option()
@FORCE
@settings("seqattr.jobs.influence", "Request")
def influence(settings: "Request") -> None:
    """Training sequences that made a model answer as it does: TracIn over the checkpoints of its training.

    For test sequences with labels, the influence is on their loss: proponents lowered it, opponents raised
    it. For those of --fasta, which have none, it is on the output of --target before the sigmoid: proponents
    raised it. Writes the strongest of both, with their labels.
    """
    from seqattr.jobs.influence import run

    with calling("gradients") as caller:
        line = run(settings, caller)
    say(line)
