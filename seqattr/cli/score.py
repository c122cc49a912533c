"""seqattr score"""

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
    sizes_option,
    targets_option,
    this_command,
    warn,
)

if TYPE_CHECKING:
    from seqattr.engine.capture.model import Model
    from seqattr.jobs.score import Summary


@click.command()
@model_option
@input_options
@sizes_option
@click.option(
    "--refs",
    default="shuffle:10",
    show_default=True,
    help="shuffle:N, mono:N, gc:N, freq, zeros, fasta:FILE.",
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
@foreign_options
def score(model: Path, fasta: Path, out: Path, force: bool, **options: Any) -> None:
    """Contributions of each base to each target, as bigWig and HDF5.

    Writes OUT/<target>.bw, OUT/<target>.h5 (ChromBPNet's layout), OUT/regions.bed and OUT/run.json, and
    OUT/dropped.tsv where there is something that could not be scored.
    """
    from seqattr.engine.walk.memory import keep_freed_memory
    from seqattr.io.atomic import check_writable
    from seqattr.io.ownership import check_own_folder, check_same_run, command_in
    from seqattr.io.scores_folder import file_names
    from seqattr.jobs.score import Settings
    from seqattr.jobs.score import score as run

    command = this_command()
    check_writable(out)
    check_own_folder(out, file_names([]), "run.json", force)
    check_same_run(out, command_in(out / "run.json", "settings", "command"), command, force)
    keep_freed_memory()
    loaded = open_model(model, options)
    inputs = read_inputs(loaded, fasta, options)
    options |= {"references": options.pop("refs"), "targets": options.pop("targets") or None}
    settings = Settings(command=command, **options)
    with progress_bar("scoring") as progress:
        summary = run(loaded, inputs, out, settings, progress)
    report(summary, loaded, out)


def report(summary: "Summary", model: "Model", out: Path) -> None:
    """What was written, and whether it can be believed."""
    from seqattr.jobs.inspect import explained

    for note in summary.notes:
        warn(note)
    middle, worst = (max(e[q] for e in summary.additivity_error.values()) for q in ("q0.5", "q1"))
    say(f"explained {explained(model)}: {', '.join(summary.targets)}")
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
