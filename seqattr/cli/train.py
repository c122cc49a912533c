"""seqattr train"""

from pathlib import Path
from typing import Any

import click

from seqattr.cli.shared import PATH, progress_bar, say


@click.command()
@click.argument("data", type=PATH)
@click.option("--out", type=PATH, required=True, help="The model file to write.")
@click.option(
    "--arch", "architecture", default="tal-gata", show_default=True, help="An architecture of the zoo."
)
@click.option("--epochs", type=int, help="At most this many passes over the training split.")
@click.option("--seed", default=0, show_default=True, help="Seed of the weights and the batches.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:i.")
def train(data: Path, out: Path, **options: Any) -> None:
    """Train the paper's CNN on a simulation; DATA is what `seqattr simulate` wrote.

    Writes OUT, and beside it OUT's name with .metrics.json: accuracy and AUROC of each task.
    """
    from seqattr.io.atomic import check_writable
    from seqattr.simulate import read_simulation
    from seqattr.train import Settings, save
    from seqattr.train import train as run

    check_writable(out.parent)
    simulation = read_simulation(data)
    settings = Settings(**{name: value for name, value in options.items() if value is not None})
    with progress_bar("training") as progress:
        training = run(simulation, settings, lambda number, epochs, epoch: progress(number, epochs))
    written = save(out, training, simulation)
    for task, reached in training.metrics.get("test", {}).items():
        rank = "no AUROC" if reached["auroc"] is None else f"AUROC {reached['auroc']:.3f}"
        say(f"{task}: accuracy {reached['accuracy']:.3f}, {rank} on the test split")
    say(f"wrote {out} and {written}")
