"""seqattr score"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from seqattr.cli.options import (
    MODEL,
    OUT,
    TableOption,
    device_option,
    force_option,
    model_options,
    placed_input_options,
    settings,
    targets_option,
    threads_option,
)
from seqattr.cli.terminal import calling, say, this_command, warn

if TYPE_CHECKING:
    from seqattr.io.ownership import Output
    from seqattr.jobs.score import Settings, Summary
    from seqattr.jobs.sources import ModelFile, SequenceFile
    from seqattr.refs.kinds import Entry


def forms(kinds: "Mapping[str, Entry]") -> str:
    """How each kind of references is written."""
    return ", ".join(kind.form for kind in kinds.values())


@click.command()
@MODEL
@placed_input_options
@click.option(
    "--refs",
    "references",
    cls=TableOption,
    table="seqattr.refs.kinds:REFERENCES",
    listed=forms,
    default="shuffle:10",
    show_default=True,
    help="{}.",
)
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
@device_option
@threads_option()
@click.option(
    "--precision",
    default="model",
    show_default=True,
    help="model, float32, float64; rougher, with the error measured: tf32 (GPU), bfloat16.",
)
@click.option(
    "--batch-size", type=int, help="Pairs of sequence and reference at once. Default: by free memory."
)
@click.option(
    "--h5-dtype",
    type=click.Choice(["float32", "float16"]),
    default="float32",
    show_default=True,
    help="Numbers in the HDF5 files, but for standard errors.",
)
@force_option
@model_options
@settings("seqattr.jobs.score", command=this_command)
def score(model: "ModelFile", sequences: "SequenceFile", output: "Output", settings: "Settings") -> None:
    """Contributions of each base to each target, as bigWig and HDF5.

    Writes OUT/<target>.bw, OUT/<target>.h5 (ChromBPNet's layout), OUT/regions.bed and OUT/run.json, and
    OUT/dropped.tsv where there is something that could not be scored.
    """
    from seqattr.jobs.score import run

    with calling("scoring") as caller:
        summary = run(model, sequences, output, settings, caller)
    report(summary, output.path)


def report(summary: "Summary", out: Path) -> None:
    """What was written, and whether it can be believed."""
    for note in summary.notes:
        warn(note)
    middle, worst = (max(e[q] for e in summary.additivity_error.values()) for q in ("q0.5", "q1"))
    say(f"explained {summary.explained}: {', '.join(summary.targets)}")
    errors = f"{middle:.0e} in the median, {worst:.0e} at most"
    cancelled = max(each["q0.5"] for each in summary.cancellation.values())
    say(
        f"additivity error {errors}; cancellation {cancelled:.2g} in the median, "
        f"{summary.verdict.worst_cancellation:.2g} at most, over {summary.sequences} sequences"
    )
    judge(summary)
    say(f"wrote {out}/<target>.bw and .h5, regions.bed and run.json in {summary.seconds['total']:.1f} s")


def judge(summary: "Summary") -> None:
    """What speaks against the contributions."""
    from seqattr.evaluate.verdict import cure

    if not summary.complete:
        say("(this method does not promise that contributions sum to the difference)")
    elif summary.verdict.missing:
        warn(f"{summary.verdict.misses()}; {cure(summary.dtype)}")
    if summary.verdict.cancelling:
        warn(f"{summary.verdict.cancellations()}; such contributions say nothing of the bases")
