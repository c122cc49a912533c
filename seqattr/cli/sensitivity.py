"""seqattr sensitivity"""

from pathlib import Path
from typing import Any

import click

from seqattr.cli.shared import (
    OUT,
    device_option,
    force_option,
    foreign_options,
    input_options,
    model_option,
    open_model,
    progress_bar,
    read_inputs,
    say,
    targets_option,
    warn,
)


@click.command()
@model_option
@input_options
@targets_option("measure")
@click.option("--out", type=OUT, default="sensitivity", show_default=True, help="Folder for the results.")
@device_option
@click.option("--batch-size", type=int, help="Sequences at once. Default: by free memory.")
@force_option
@foreign_options
def sensitivity(model: Path, fasta: Path, out: Path, force: bool, **options: Any) -> None:
    """How much each output moves with each base at each position, over a data set.

    The mean of |d output / d base| over all sequences, with its standard error, and the means of the
    derivative itself and of its square. Writes OUT/sensitivity.tsv, .npz (arrays of targets x 4 x length)
    and .png. All sequences must have one length. At a position, sequences with N or padding do not count, nor
    does a sequence that is given again; those that overlap are one in the standard error.
    """
    from seqattr.analyses.sensitivity import sensitivity as run
    from seqattr.engine.graph.outputs import check_number
    from seqattr.inputs import Aligned, naming, once
    from seqattr.io.atomic import check_writable
    from seqattr.io.ownership import check_own_folder
    from seqattr.jobs.sensitivity import FILES, write_sensitivity

    check_writable(out)
    check_own_folder(out, FILES, "sensitivity.tsv", force)
    loaded = open_model(model, options)
    inputs = read_inputs(loaded, fasta, options)
    warn(*inputs.notes)
    options["targets"] = options["targets"] or None
    check_number([target.name for target in loaded.targets], chosen=options["targets"] is not None)
    Aligned(inputs.windows)  # which have one length, or are refused
    windows, clusters = once(inputs.windows)
    with progress_bar("measuring") as progress, naming([window.name for window in windows]):
        found = run(loaded, Aligned(windows), progress=progress, clusters=clusters, **options)
    write_sensitivity(out, found)
    say(f"wrote {out}/sensitivity.tsv, .npz and .png, over {found.sequences} sequences")
