"""seqattr maximize"""

from typing import TYPE_CHECKING

import click

from seqattr.cli.options import (
    MODEL,
    OUT,
    device_option,
    force_option,
    model_options,
    settings,
    target_option,
    threads_option,
)
from seqattr.cli.terminal import calling, say, this_command

if TYPE_CHECKING:
    from seqattr.io.ownership import Output
    from seqattr.jobs.maximize import Request
    from seqattr.jobs.sources import ModelFile


@click.command()
@MODEL
@target_option("maximise")
@click.option("--number", default=20, show_default=True, help="How many sequences, each from its own start.")
@click.option("--out", type=OUT, default="maximized", show_default=True, help="Folder to write.")
@click.option(
    "--background", metavar="A,C,G,T|FASTA", help="Base frequencies, or a file to count. Default: equal."
)
@click.option(
    "--weight", default=0.01, show_default=True, help="Units of output that a nat of likelihood is worth."
)
@click.option("--steps", default=300, show_default=True, help="Steps of each ascent.")
@click.option("--rate", default=0.5, show_default=True, help="Learning rate of Adam.")
@click.option(
    "--polish", default=20, show_default=True, help="At most so many substitutions at the end; 0 for none."
)
@click.option("--length", type=int, help="Length of the sequences, of a model that takes any.")
@click.option("--seed", default=0, show_default=True, help="Seed of the random starts.")
@device_option
@threads_option()
@force_option
@model_options
@settings("seqattr.jobs.maximize", "request", command=this_command)
def maximize(model: "ModelFile", output: "Output", settings: "Request") -> None:
    """Sequences that an output is largest for: what the model wants.

    Gradient ascent from random starts over relaxed sequences, on the output before a final sigmoid or
    softmax plus the likelihood of the bases; then single substitutions as long as they help. Writes
    sequences.fa (scores in the headers, best first), path.tsv (every step), logos and ascent (.svg, .png),
    and run.json.
    """
    from seqattr.jobs.maximize import run

    with calling("climbing") as caller:
        best = run(model, output, settings, caller)
    low, high = float(best.output.min()), float(best.output.max())
    say(f"outputs of {low:.3g} to {high:.3g}; wrote {output.path}")
