"""seqattr marginalize"""

from typing import TYPE_CHECKING

import click

from seqattr.cli.insertions import insert, insertion_options
from seqattr.cli.values import numbers_like, read_by

if TYPE_CHECKING:
    from seqattr.io.ownership import Output
    from seqattr.jobs.backgrounds import Backgrounds
    from seqattr.jobs.marginalize import Settings
    from seqattr.jobs.sources import ModelFile


@click.command()
@click.option(
    "--motifs", multiple=True, required=True, help="Motif file, bundled or jaspar:NAME; repeatable."
)
@click.option("--motif", "names", multiple=True, help="Only the motif of this name; repeatable.")
@click.option(
    "--positions",
    callback=read_by(numbers_like("--positions", "50,100,150", float)),
    help="Where the motif's middle lies, in bases from the start. Default: in the middle.",
)
@click.option(
    "--instances",
    type=click.Choice(["consensus", "sampled"]),
    default="consensus",
    show_default=True,
    help="What stands for a motif: its consensus, or one drawn from it for each background.",
)
@click.option(
    "--twins", default=10, show_default=True, help="Orders of a motif's letters that it is held against."
)
@insertion_options("seqattr.jobs.marginalize", "marginal")
def marginalize(
    models: "list[ModelFile]", backgrounds: "Backgrounds", output: "Output", settings: "Settings"
) -> None:
    """What each motif does to each output, whatever sequence it is put into.

    The mean change over backgrounds, with its interval, on both strands and at each position; and whether it
    is more than that of the same letters in other orders. Writes OUT/marginal.tsv, marginal.html,
    backgrounds.fa, figures/ and run.json.
    """
    from seqattr.jobs.marginalize import MARGINAL

    insert(MARGINAL, models, backgrounds, output, settings)
