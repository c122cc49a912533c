"""What the commands that put motifs into backgrounds share: options, and how one is run."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqattr.cli.options import (
    MODELS,
    OUT,
    PATH,
    Decorator,
    as_argument,
    batch_size_option,
    device_option,
    force_option,
    models_options,
    settings,
    targets_option,
    threads_option,
    together,
)
from seqattr.cli.terminal import calling, say, this_command
from seqattr.support.garbage import importing

if TYPE_CHECKING:
    from seqattr.io.ownership import Output
    from seqattr.jobs.backgrounds import Backgrounds
    from seqattr.jobs.insertions import Kind
    from seqattr.jobs.sources import ModelFile


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


def insertion_options(job: str, out: str) -> Decorator:
    """The arguments `models`, `backgrounds`, `output` and `settings` of a command: the module of its `job`
    makes settings of its own options, which stand above these. `out` is the usual folder.
    """
    return together(
        MODELS,
        backgrounds_options,
        targets_option("measure"),
        click.option("--out", type=OUT, default=out, show_default=True, help="Folder for the results."),
        device_option,
        threads_option(),
        batch_size_option("Insertions"),
        force_option,
        models_options,
        settings(job, "settings_of", command=this_command),
    )


def insert(
    kind: "Kind[Any]",
    models: "list[ModelFile]",
    backgrounds: "Backgrounds",
    output: "Output",
    settings: Any,
) -> None:
    """Run a kind of insertions, and say what was found of each target and what was written."""
    from seqattr.figures.numbers import typed
    from seqattr.jobs.insertions import run

    with calling("insertions") as caller:
        found = run(kind, models, backgrounds, output, settings, caller)
    for target in found.targets:
        say(f"{target}: {typed(found.sentence(target))}")
    say(f"wrote {output.path}/{kind.table} and .html, backgrounds.fa, figures/ and run.json")
