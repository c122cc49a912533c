"""seqattr train"""

from pathlib import Path
from typing import Any

import click

from seqattr.cli.shared import OUT, PATH, device_option, force_option, progress_bar, say, this_command


@click.command()
@click.argument("data", type=PATH)
@click.option("--out", type=OUT, required=True, help="The model file to write.")
@click.option(
    "--arch", "architecture", default="tal-gata", show_default=True, help="An architecture of the zoo."
)
@click.option("--epochs", type=int, help="At most this many passes over the training split.")
@click.option("--seed", default=0, show_default=True, help="Seed of the weights and the batches.")
@click.option("--checkpoints", type=PATH, help="Folder to keep checkpoints in, for `seqattr influence`.")
@click.option(
    "--every",
    type=int,
    show_default="1",
    help="A checkpoint after every so many epochs, and after the last.",
)
@device_option
@force_option
def train(
    data: Path, out: Path, checkpoints: Path | None, every: int | None, force: bool, **options: Any
) -> None:
    """Train the paper's CNN on a simulation; DATA is what `seqattr simulate` wrote.

    Writes OUT, and beside it OUT's name with .metrics.json: accuracy and AUROC of each task. Checkpoints are
    model files too; those of an earlier training in the same folder go.
    """
    from seqattr.data.simulation_files import read_simulation
    from seqattr.data.train import Settings
    from seqattr.data.train import train as run
    from seqattr.data.training_files import checkpoints_in, metrics_path, save
    from seqattr.io.atomic import check_file
    from seqattr.io.ownership import check_own_file, check_same_run, command_in
    from seqattr.models.checkpoints import named_as_checkpoints

    each = interval(every, checkpoints)
    simulation = read_simulation(data)
    check_file(out)
    for path in [out, *named_as_checkpoints(checkpoints)]:
        check_own_file(path, force)
    command = this_command()
    check_same_run(out, command_in(metrics_path(out), "command"), command, force)
    settings = Settings(**{name: value for name, value in options.items() if value is not None})
    keep = checkpoints_in(checkpoints, settings, simulation, each) if checkpoints else None
    with progress_bar("training") as progress:
        training = run(simulation, settings, lambda number, epochs, _: progress(number, epochs), keep)
    written = save(out, training, simulation, command)
    tell(training.metrics.get("test", {}))
    say(f"wrote {out} and {written}" + (f", checkpoints to {checkpoints}" if checkpoints else ""))


def interval(every: int | None, checkpoints: Path | None) -> int:
    """A checkpoint after how many epochs."""
    if every is not None and checkpoints is None:
        raise click.UsageError("--every is of no use without --checkpoints FOLDER")
    return 1 if every is None else every


def tell(reached: dict[str, Any]) -> None:
    """What was reached on the test split, task by task."""
    for task, measured in reached.items():
        rank = "no AUROC" if measured["auroc"] is None else f"AUROC {measured['auroc']:.3f}"
        say(f"{task}: accuracy {measured['accuracy']:.3f}, {rank} on the test split")
