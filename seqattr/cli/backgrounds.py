"""The options that say what motifs are put into."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from seqattr.cli.options import PATH, as_argument
from seqattr.support.garbage import importing

if TYPE_CHECKING:
    from seqattr.jobs.backgrounds import Backgrounds


def _backgrounds(
    kind: str,
    fasta: Path | None,
    regions: Path | None,
    genome: Path | None,
    crop: bool,
    number: int,
    seed: int,
) -> "Backgrounds":
    """As the options describe them; a file among them is an input, which nothing takes the place of."""
    from seqattr.io.kept import keep

    with importing():
        from seqattr.jobs.backgrounds import GENOME, SHUFFLED, Backgrounds

    if kind not in (SHUFFLED, GENOME):
        keep(Path(kind))
    return Backgrounds(kind, fasta, regions, genome, crop, number, seed)


# The argument `backgrounds` of a command.
backgrounds_options = as_argument(
    "backgrounds",
    _backgrounds,
    click.option(
        "--backgrounds",
        "kind",
        metavar="shuffled|genome|FILE",
        required=True,
        help="Shuffles of --fasta, random windows of --genome, or a FASTA file of backgrounds.",
    ),
    click.option("--fasta", type=PATH, help="Sequences to shuffle, keeping dinucleotides; or see --regions."),
    click.option("--regions", type=PATH, help="BED or narrowPeak: shuffle windows of --fasta around these."),
    click.option("--genome", type=PATH, help="FASTA file of a genome."),
    click.option("--crop", is_flag=True, help="Cut longer sequences to the model's length."),
    click.option("--number", default=100, show_default=True, help="At most so many backgrounds."),
    click.option("--seed", default=0, show_default=True, help="Seed of all that is drawn."),
)
