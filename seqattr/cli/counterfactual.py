"""seqattr counterfactual"""

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
    read_inputs,
    say,
    warn,
)


@click.command()
@model_option
@input_options
@click.option("--target", default="0", show_default=True, help="Output to change, by name or number.")
@click.option(
    "--reach", type=float, default=0.0, show_default=True, help="The output's value to be reached or passed."
)
@click.option("--most", type=int, default=20, show_default=True, help="At most so many substitutions.")
@click.option("--out", type=OUT, default="counterfactuals.tsv", show_default=True, help="The table to write.")
@device_option
@force_option
@foreign_options
def counterfactual(model: Path, fasta: Path, out: Path, force: bool, **options: Any) -> None:
    """Few substitutions that flip an output, or bring it to a value.

    Outputs are those before a final sigmoid or softmax, so that passing 0 flips a yes into a no. Writes a
    table with the path of each sequence: position (0-based) and bases of each substitution, and the output
    after it.
    """
    from seqattr.io.ownership import check_own_file
    from seqattr.jobs.counterfactual import write_counterfactuals

    check_own_file(out, force)
    loaded = open_model(model, options)
    found = read_inputs(loaded, fasta, options)
    warn(*found.notes)
    paths = write_counterfactuals(out, loaded, found.windows, **options)
    reached = sum(path.reached for path in paths)
    say(f"{reached} of {len(paths)} sequences reach {options['reach']:g}; wrote {out}")
