"""seqattr simulate"""

from typing import TYPE_CHECKING

import click

from seqattr.cli.groups import CommandGroup
from seqattr.cli.options import OUT, TableOption, force_option, settings
from seqattr.cli.terminal import say
from seqattr.cli.values import numbers_like, read_by
from seqattr.support.rounding import number_of

if TYPE_CHECKING:
    from seqattr.io.ownership import Output
    from seqattr.jobs.simulate import Request


@click.group(cls=CommandGroup)
def simulate() -> None:
    """Simulated sequences whose truth is known."""


@simulate.command("tal-gata")
@click.option("--out", type=OUT, required=True, help="Folder for the data set.")
@click.option("--count", type=int, help="How many sequences. Default: the published 8000.")
@click.option(
    "--settings",
    "preset",
    cls=TableOption,
    table="seqattr.data.simulate:PRESETS",
    default="published",
    show_default=True,
    help="{} (the paper's text).",
)
@click.option(
    "--shares",
    callback=read_by(numbers_like("--shares", "10,1,1,1")),
    help="Sequences of both, GATA1, TAL1 and none in a round. Default: 1,1,1,1.",
)
@click.option("--seed", default=0, show_default=True, help="Seed of the simulation.")
@force_option
@settings("seqattr.jobs.simulate", "Request")
def tal_gata(output: "Output", settings: "Request") -> None:
    """TAL1 and GATA1 motifs planted in random sequences, as in section 4.2 of the paper.

    Writes sequences.fa, test.fa, labels.tsv, planted.bed, splits.tsv, motifs.meme and simulation.json.
    """
    from seqattr.jobs.simulate import run

    simulated = run(output, settings)
    say(f"wrote {number_of(simulated.count, 'sequence')} of {simulated.length} bp to {output.path}")
