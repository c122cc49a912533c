"""seqattr score"""

from typing import TYPE_CHECKING

import click

from seqattr.cli.options import (
    MODELS,
    OUT,
    REFS,
    as_argument,
    force_option,
    models_options,
    placed_input_options,
    settings,
    targets_option,
    threads_option,
)
from seqattr.cli.results import report
from seqattr.cli.terminal import calling, this_command

if TYPE_CHECKING:
    from seqattr.io.ownership import Output
    from seqattr.jobs.score.settings import Settings, Working
    from seqattr.jobs.sources import ModelFile, SequenceFile


def working(shard: str | None, workers: int, restart: bool, check: bool) -> "Working":
    """How the run is worked out."""
    from seqattr.jobs.score.settings import Shard, Working

    return Working(Shard() if shard is None else Shard.parse(shard), workers, restart, check=check)


FAILED_CODE = 3  # of a strict run that ended, but for sequences without values

working_options = as_argument(
    "working",
    working,
    click.option("--shard", metavar="I/N", help="Work out the I-th of N parts; `seqattr merge` joins them."),
    click.option(
        "--workers",
        type=click.IntRange(1),
        default=1,
        show_default=True,
        help="Processes on a CPU; on all GPUs by --device cuda:all.",
    ),
    click.option("--restart", is_flag=True, help="Throw away what an unfinished run has kept."),
    click.option("--check", is_flag=True, help="Ask of 20 sequences whether the results are to be believed."),
)


@click.command()
@MODELS
@placed_input_options
@REFS
@click.option(
    "--method",
    default="deeplift",
    show_default=True,
    help="deeplift, deeplift-rescale, deeplift-revealcancel, gradient ...; `seqattr methods` lists all.",
)
@click.option("--patterns", metavar="FILE", help="What `seqattr patterns` wrote, for methods that need it.")
@targets_option("explain")
@click.option("--out", type=OUT, default="scores", show_default=True, help="Folder for the results.")
@click.option("--seed", default=0, show_default=True, help="Seed of the references.")
@click.option(
    "--device",
    default="auto",
    show_default=True,
    help="auto, cpu, cuda, cuda:i; cuda:all: a process on each.",
)
@threads_option()
@click.option(
    "--precision",
    default="model",
    show_default=True,
    help="model, float32, float64; rougher, with the error measured: tf32, bfloat16x3 (GPU), bfloat16.",
)
@click.option(
    "--batch-size",
    type=int,
    help="Pairs of sequence and reference at once. Default: what pays and fits into memory.",
)
@click.option(
    "--h5-dtype",
    type=click.Choice(["float32", "float16"]),
    default="float32",
    show_default=True,
    help="Numbers in the HDF5 files, but for standard errors.",
)
@click.option("--both-strands", is_flag=True, help="The mean with the reverse complement's, mirrored.")
@click.option("--each-model", is_flag=True, help="Write each model's own results too, to OUT/models.")
@working_options
@force_option
@models_options
@settings("seqattr.jobs.score.settings", command=this_command)
@click.pass_context
def score(
    context: click.Context,
    models: "list[ModelFile]",
    sequences: "SequenceFile",
    output: "Output",
    working: "Working",
    settings: "Settings",
) -> None:
    """Contributions of each base to each target, as bigWig and HDF5.

    Writes OUT/<target>.bw, OUT/<target>.h5 (ChromBPNet's layout), OUT/regions.bed and OUT/run.json,
    OUT/dropped.tsv where there is something that could not be scored, OUT/failed.tsv where the model answers
    with NaN or infinity, and OUT/check.json with --check. What is done is kept in OUT/blocks: the same
    command goes on after any stop.
    """
    from seqattr.jobs.score.run import run

    with calling("scoring") as caller:
        summary = run(models, sequences, output, settings, working, caller)
    failed = report(summary, output.path)
    if failed and sequences.strict:
        context.exit(FAILED_CODE)
