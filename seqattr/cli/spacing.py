"""seqattr spacing"""

from typing import TYPE_CHECKING

import click

from seqattr.cli.insertions import insert, insertion_options
from seqattr.cli.values import read_by, whole_numbers

if TYPE_CHECKING:
    from seqattr.io.ownership import Output
    from seqattr.jobs.backgrounds import Backgrounds
    from seqattr.jobs.sources import ModelFile
    from seqattr.jobs.spacing import Settings


@click.command()
@click.argument("a")
@click.argument("b")
@click.option("--motifs", multiple=True, help="File with the motifs A and B; repeatable.")
@click.option(
    "--distances",
    callback=read_by(whole_numbers("--distances", "0-50 or 0,10,20")),
    help="Bases between the motifs. Default: 0-100, as far as there is room.",
)
@insertion_options("seqattr.jobs.spacing", "spacing")
def spacing(
    models: "list[ModelFile]", backgrounds: "Backgrounds", output: "Output", settings: "Settings"
) -> None:
    """What two motifs do together beyond the sum, at every distance.

    A and B are names of motifs, or words of letters. A lies in the middle of each background, B before or
    behind it, each on either strand. Writes OUT/spacing.tsv, spacing.html, backgrounds.fa,
    figures/ and run.json.
    """
    from seqattr.jobs.spacing import SPACING

    insert(SPACING, models, backgrounds, output, settings)
