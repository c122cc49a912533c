"""seqattr patterns"""

from typing import TYPE_CHECKING

import click

from seqattr.cli.options import (
    MODEL,
    OUT_FILE,
    device_option,
    force_option,
    input_options,
    model_options,
    threads_option,
)
from seqattr.cli.terminal import calling, say, warn
from seqattr.support.rounding import number_of

if TYPE_CHECKING:
    from seqattr.io.ownership import Output
    from seqattr.jobs.sources import ModelFile, SequenceFile


@click.command()
@MODEL
@input_options
@click.option("--out", type=OUT_FILE, default="patterns.h5", show_default=True, help="The file to write.")
@device_option
@threads_option()
@force_option
@model_options
def patterns(model: "ModelFile", sequences: "SequenceFile", output: "Output", device: str) -> None:
    """What a model's units respond to: patterns for the methods patternnet and patternattribution.

    Goes once over sequences such as the model was trained on, a thousand or more; no labels are needed. The
    file names the model by a hash of its graph and weights, and serves that model in whatever file it is.
    `seqattr score --patterns FILE` reads it.
    """
    from seqattr.jobs.patterns import run

    with calling("learning patterns") as caller:
        learned = run(model, sequences, output, device, caller)
    silent = {pattern.step: pattern.silent for pattern in learned.steps if pattern.silent}
    if silent:
        units = ", ".join(f"{number} of {step}" for step, number in silent.items())
        warn(f"units that were never on, or the same in all sequences, have a pattern of 0: {units}")
    size = f"patterns of {number_of(len(learned.steps), 'step')}"
    say(f"wrote {output.path}: {size}, from {number_of(learned.sequences, 'sequence')}")
