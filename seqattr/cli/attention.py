"""seqattr attention"""

from pathlib import Path
from typing import Any

import click

from seqattr.cli.shared import (
    OUT,
    device_option,
    foreign_options,
    input_options,
    model_option,
    open_model,
    progress_bar,
    read_inputs,
    say,
    sizes_option,
    warn,
)


@click.command()
@model_option
@input_options
@sizes_option
@click.option("--out", type=OUT, default="attention", show_default=True, help="Folder for the results.")
@click.option(
    "--hdf5/--no-hdf5",
    default=True,
    show_default=True,
    help="Write attention.h5; a layer takes heads x tokens x tokens numbers for each sequence.",
)
@device_option
@foreign_options
def attention(model: Path, fasta: Path, out: Path, **options: Any) -> None:
    """What each token of a model with attention attends to, and attention rollout.

    Writes OUT/attention.h5 with the weights of each layer and head (sequences x heads x queries x keys) and
    the rollout (sequences x tokens x tokens); OUT/rollout.tsv with the rollout's mean over tokens, and the
    bases that each token has seen before the first attention; and OUT/attention.png of the first sequence.
    All sequences must have one length.
    """
    from seqattr.io.atomic import check_writable
    from seqattr.jobs.attention import in_words, write_attention

    check_writable(out)
    loaded = open_model(model, options)
    inputs = read_inputs(loaded, fasta, options)
    with progress_bar("attending") as progress:
        written = write_attention(loaded, inputs.windows, out, progress=progress, **options)
    warn(*inputs.notes, *written.notes)
    say(f"found {in_words(written.layers)}")
    say(f"wrote {', '.join(str(out / name) for name in written.files)}")
