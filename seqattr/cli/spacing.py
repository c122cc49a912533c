"""seqattr spacing"""

from typing import TYPE_CHECKING

import click

from seqattr.cli.backgrounds import backgrounds_options
from seqattr.cli.options import (
    MODELS,
    OUT,
    batch_size_option,
    device_option,
    force_option,
    models_options,
    settings,
    targets_option,
    threads_option,
)
from seqattr.cli.terminal import calling, say, this_run
from seqattr.cli.values import read_by, whole_numbers

if TYPE_CHECKING:
    from seqattr.io.ownership import Output
    from seqattr.jobs.backgrounds import Backgrounds
    from seqattr.jobs.sources import ModelFile
    from seqattr.jobs.spacing import Settings


@click.command()
@click.argument("a")
@click.argument("b")
@MODELS
@click.option("--motifs", multiple=True, help="File with the motifs A and B; repeatable.")
@backgrounds_options
@click.option(
    "--distances",
    callback=read_by(whole_numbers("--distances", "0-50 or 0,10,20")),
    help="Bases between the motifs. Default: 0-100, as far as there is room.",
)
@targets_option("measure")
@click.option("--out", type=OUT, default="spacing", show_default=True, help="Folder for the results.")
@device_option
@threads_option()
@batch_size_option("Insertions")
@force_option
@models_options
@settings("seqattr.jobs.spacing", "settings_of", command=this_run)
def spacing(
    models: "list[ModelFile]", backgrounds: "Backgrounds", output: "Output", settings: "Settings"
) -> None:
    """What two motifs do together beyond the sum, at every distance.

    A and B are names of motifs, or words of letters. A lies in the middle of each background, B before or
    behind it, each on either strand. Writes OUT/spacing.tsv, spacing.html, backgrounds.fa,
    figures/ and run.json.
    """
    from seqattr.figures.numbers import typed
    from seqattr.jobs.spacing import run

    with calling("insertions") as caller:
        found = run(models, backgrounds, output, settings, caller)
    for target in found.spacing.targets:
        say(f"{target}: {typed(found.sentence(target))}")
    say(f"wrote {output.path}/spacing.tsv and .html, backgrounds.fa, figures/ and run.json")
