"""seqattr convert"""

from typing import TYPE_CHECKING

import click

from seqattr.cli.options import OUT_FILE, PATH, force_option, model_options, targets_option, threads_option
from seqattr.cli.terminal import QUIET, say

if TYPE_CHECKING:
    from seqattr.io.ownership import Output
    from seqattr.jobs.sources import ModelFile


@click.command()
@click.argument("model", type=PATH, metavar="SOURCE")
@click.option("--out", type=OUT_FILE, required=True, help="The model file to write.")
@targets_option("keep")
@threads_option()
@force_option
@model_options
def convert(model: "ModelFile", output: "Output", targets: tuple[str, ...] | None) -> None:
    """Capture a model of any format into seqattr's own, which cannot run code.

    SOURCE is a pickled module, TorchScript, a torch.export archive (.pt2), a Keras model, or weights with
    --arch: a state dict, a checkpoint, safetensors, a Hugging Face folder (docs/models.md). With --target the
    written model has these targets and no others, expressions by their names among them.
    """
    from seqattr.jobs.convert import run

    captured = run(model, output, targets, QUIET)
    size = f"{len(captured.graph.steps)} steps, {len(captured.targets)} targets"
    say(f"wrote {output.path}: {size}, input {captured.input_length}")
