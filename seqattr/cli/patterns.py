"""seqattr patterns"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    warn,
)

if TYPE_CHECKING:
    from seqattr.methods.learned_patterns import Patterns


@click.command()
@model_option
@input_options
@click.option("--out", type=OUT, default="patterns.h5", show_default=True, help="The file to write.")
@device_option
@force_option
@foreign_options
def patterns(model: Path, fasta: Path, out: Path, force: bool, **options: Any) -> None:
    """What a model's units respond to: patterns for the methods patternnet and patternattribution.

    Goes once over sequences such as the model was trained on, a thousand or more; no labels are needed. The
    file names the model by a hash of its graph and weights, and serves that model in whatever file it is.
    `seqattr score --patterns FILE` reads it.
    """
    from seqattr.io.atomic import check_file
    from seqattr.io.ownership import check_own_file
    from seqattr.jobs.patterns import learn_patterns, save_patterns

    check_file(out)
    check_own_file(out, force)
    loaded = open_model(model, options)
    found = read_inputs(loaded, fasta, options)
    with progress_bar("learning patterns") as progress:
        learned = learn_patterns(loaded, found.windows, options["device"], progress)
    save_patterns(out, learned)
    report(learned, found.notes, out)


def report(learned: "Patterns", notes: list[str], out: Path) -> None:
    """What was learned, and of which units nothing was."""
    warn(*notes)
    silent = {each.step: each.silent for each in learned.steps if each.silent}
    if silent:
        where = ", ".join(f"{number} of {step}" for step, number in silent.items())
        warn(f"units that were never on, or the same in all sequences, have a pattern of 0: {where}")
    say(f"wrote {out}: patterns of {len(learned.steps)} steps, from {learned.sequences} sequences")
