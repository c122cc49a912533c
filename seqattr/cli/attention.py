"""seqattr attention"""

from typing import TYPE_CHECKING

import click

from seqattr.cli.options import (
    MODEL,
    OUT,
    device_option,
    force_option,
    model_options,
    placed_input_options,
    settings,
    threads_option,
)
from seqattr.cli.terminal import calling, say, this_command

if TYPE_CHECKING:
    from seqattr.io.ownership import Output
    from seqattr.jobs.attention import Settings
    from seqattr.jobs.sources import ModelFile, SequenceFile


@click.command()
@MODEL
@placed_input_options
@click.option("--out", type=OUT, default="attention", show_default=True, help="Folder for the results.")
@click.option(
    "--hdf5/--no-hdf5",
    default=True,
    show_default=True,
    help="Write attention.h5; a layer takes heads x tokens x tokens numbers for each sequence.",
)
@device_option
@threads_option()
@force_option
@model_options
@settings("seqattr.jobs.attention", command=this_command)
def attention(model: "ModelFile", sequences: "SequenceFile", output: "Output", settings: "Settings") -> None:
    """What each token of a model with attention attends to, and attention rollout.

    Writes OUT/attention.h5 with the weights of each layer and head (sequences x heads x queries x keys) and
    the rollout (sequences x tokens x tokens); OUT/rollout.tsv with the rollout's mean over tokens, and the
    bases that each token has seen before the first attention; OUT/attention.png of the first sequence; and
    OUT/run.json. All sequences must have one length.
    """
    from seqattr.jobs.attention import in_words, run

    with calling("attending") as caller:
        written = run(model, sequences, output, settings, caller)
    say(f"found {in_words(written.layers)}")
    say(f"wrote {', '.join(str(output.path / name) for name in written.files)}")
