"""seqattr sensitivity"""

from typing import TYPE_CHECKING

import click

from seqattr.cli.options import (
    MODEL,
    OUT,
    batch_size_option,
    device_option,
    force_option,
    input_options,
    model_options,
    settings,
    targets_option,
    threads_option,
)
from seqattr.cli.terminal import calling, say, this_command
from seqattr.support.rounding import number_of

if TYPE_CHECKING:
    from seqattr.io.ownership import Output
    from seqattr.jobs.sensitivity import Settings
    from seqattr.jobs.sources import ModelFile, SequenceFile


@click.command()
@MODEL
@input_options
@targets_option("measure")
@click.option("--out", type=OUT, default="sensitivity", show_default=True, help="Folder for the results.")
@device_option
@threads_option()
@batch_size_option("Sequences")
@force_option
@model_options
@settings("seqattr.jobs.sensitivity", command=this_command)
def sensitivity(
    model: "ModelFile", sequences: "SequenceFile", output: "Output", settings: "Settings"
) -> None:
    """How much each output moves with each base at each position, over a data set.

    The mean of |d output / d base| over all sequences, with its standard error, and the means of the
    derivative itself and of its square. Writes OUT/sensitivity.tsv, .npz (arrays of targets x 4 x length)
    and .png, and run.json. All sequences must have one length. At a position, sequences with N or padding do
    not count, nor does a sequence that is given again; those that overlap are one in the standard error.
    """
    from seqattr.jobs.sensitivity import run

    with calling("measuring") as caller:
        measured = run(model, sequences, output, settings, caller)
    over = number_of(measured.sequences, "sequence")
    say(f"wrote {output.path}/sensitivity.tsv, .npz and .png, over {over}")
