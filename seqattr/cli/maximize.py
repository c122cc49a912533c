"""seqattr maximize"""

from pathlib import Path
from typing import Any

import click

from seqattr.cli.shared import (
    OUT,
    device_option,
    force_option,
    foreign_options,
    model_option,
    open_model,
    progress_bar,
    say,
)


@click.command()
@model_option
@click.option("--target", default="0", show_default=True, help="Output to maximise, by name or number.")
@click.option("--number", default=20, show_default=True, help="How many sequences, each from its own start.")
@click.option("--out", type=OUT, default="maximized", show_default=True, help="Folder to write.")
@click.option(
    "--background", metavar="A,C,G,T|FASTA", help="Base frequencies, or a file to count. Default: equal."
)
@click.option(
    "--weight", default=0.01, show_default=True, help="Units of output that a nat of likelihood is worth."
)
@click.option("--steps", default=300, show_default=True, help="Steps of each ascent.")
@click.option("--rate", default=0.5, show_default=True, help="Learning rate of Adam.")
@click.option(
    "--polish", default=20, show_default=True, help="At most so many substitutions at the end; 0 for none."
)
@click.option("--length", type=int, help="Length of the sequences, of a model that takes any.")
@click.option("--seed", default=0, show_default=True, help="Seed of the random starts.")
@device_option
@force_option
@foreign_options
def maximize(
    model: Path, target: str, out: Path, background: str | None, force: bool, **options: Any
) -> None:
    """Sequences that an output is largest for: what the model wants.

    Gradient ascent from random starts over relaxed sequences, on the output before a final sigmoid or
    softmax plus the likelihood of the bases; then single substitutions as long as they help. Writes
    sequences.fa (scores in the headers, best first), path.tsv (every step), logos and ascent (.svg, .png).
    """
    from seqattr.analyses.maximize import Settings
    from seqattr.inputs import frequencies
    from seqattr.io.ownership import check_own_folder
    from seqattr.jobs.maximize import FILES, write_maximized

    check_own_folder(out, FILES, "path.tsv", force)
    loaded, device = open_model(model, options), options.pop("device")
    if background is not None:
        options["background"] = frequencies(background)
    settings = Settings(**options)
    with progress_bar("climbing") as progress:
        found = write_maximized(loaded, target, out, settings, device, progress)
    say(f"outputs of {float(found.output.min()):.3g} to {float(found.output.max()):.3g}; wrote {out}")
