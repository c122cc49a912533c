"""seqattr counterfactual"""

from typing import TYPE_CHECKING

import click

from seqattr.cli.options import (
    MODEL,
    OUT_FILE,
    device_option,
    force_option,
    input_options,
    model_options,
    settings,
    target_option,
    threads_option,
)
from seqattr.cli.terminal import QUIET, say

if TYPE_CHECKING:
    from seqattr.io.ownership import Output
    from seqattr.jobs.counterfactual import Settings
    from seqattr.jobs.sources import ModelFile, SequenceFile


@click.command()
@MODEL
@input_options
@target_option("change")
@click.option(
    "--reach", type=float, default=0.0, show_default=True, help="The output's value to be reached or passed."
)
@click.option("--most", type=int, default=20, show_default=True, help="At most so many substitutions.")
@click.option(
    "--out", type=OUT_FILE, default="counterfactuals.tsv", show_default=True, help="The table to write."
)
@device_option
@threads_option()
@force_option
@model_options
@settings("seqattr.jobs.counterfactual")
def counterfactual(
    model: "ModelFile", sequences: "SequenceFile", output: "Output", settings: "Settings"
) -> None:
    """Few substitutions that flip an output, or bring it to a value.

    Outputs are those before a final sigmoid or softmax, so that passing 0 flips a yes into a no. Writes a
    table with the path of each sequence: position (0-based) and bases of each substitution, and the output
    after it.
    """
    from seqattr.jobs.counterfactual import run

    paths = run(model, sequences, output, settings, QUIET)
    reached = sum(path.reached for path in paths)
    say(f"{reached} of {len(paths)} sequences reach {settings.reach:g}; wrote {output.path}")
