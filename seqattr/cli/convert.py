"""seqattr convert"""

from pathlib import Path
from typing import Any

import click

from seqattr.cli.shared import OUT, PATH, force_option, foreign_options, open_model, say


@click.command()
@click.argument("source", type=PATH)
@click.option("--out", type=OUT, required=True, help="The model file to write.")
@force_option
@foreign_options
def convert(source: Path, out: Path, force: bool, **options: Any) -> None:
    """Capture a model of any format into seqattr's own, which cannot run code.

    SOURCE is a pickled module, TorchScript, a torch.export archive (.pt2), or a state dict with --arch.
    """
    from seqattr.io.ownership import check_own_file
    from seqattr.models import native

    check_own_file(out, force)
    model = open_model(source, options)
    native.save_model(out, model)
    size = f"{len(model.graph.steps)} steps, {len(model.targets)} targets"
    say(f"wrote {out}: {size}, input {model.input_length}")
