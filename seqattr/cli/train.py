"""seqattr train"""

from typing import TYPE_CHECKING, Any

import click

from seqattr.cli.options import OUT_FILE, PATH, device_option, force_option, settings, threads_option
from seqattr.cli.terminal import calling, say, this_command
from seqattr.cli.values import json_object, read_by

if TYPE_CHECKING:
    from seqattr.io.ownership import Output
    from seqattr.jobs.train import Request


@click.command()
@click.argument("data", type=PATH)
@click.option("--out", type=OUT_FILE, required=True, help="The model file to write.")
@click.option(
    "--arch", "architecture", default="tal-gata", show_default=True, help="An architecture of the zoo."
)
@click.option(
    "--arch-args",
    "arguments",
    metavar="JSON",
    default="{}",
    callback=read_by(json_object),
    help="Its own arguments, such as widths.",
)
@click.option(
    "--loss",
    metavar="LOSS",
    show_default="what fits the labels",
    help="cross-entropy, poisson, log-counts or squared.",
)
@click.option("--epochs", type=int, help="At most this many passes over the training split.")
@click.option("--seed", default=0, show_default=True, help="Seed of the weights and the batches.")
@click.option(
    "--monotone",
    is_flag=True,
    help="Keep the head from weights below 0: more of a feature never lowers a task.",
)
@click.option(
    "--permute-labels",
    is_flag=True,
    help="Learn permuted labels by heart, for `seqattr evaluate labels`; at most 300 epochs.",
)
@click.option("--checkpoints", type=PATH, help="Folder to keep checkpoints in, for `seqattr influence`.")
@click.option(
    "--every",
    type=int,
    show_default="1",
    help="A checkpoint after every so many epochs, and after the last.",
)
@device_option
@threads_option(of="; training itself takes one, for sums in one order")
@force_option
@settings("seqattr.jobs.train", "request", command=this_command)
def train(output: "Output", settings: "Request") -> None:
    """Train an architecture of the zoo, by default the DeepLIFT paper's CNN, on the sequences of DATA.

    That folder holds sequences.fa, all of one length; labels.tsv, a header and then a name and a number for
    each task: 0 or 1, counts, or others; and maybe splits.tsv, with train, valid or test for each name.
    `seqattr simulate` writes such a folder.

    Writes OUT, and beside it OUT's name with .metrics.json: what each task reaches. Checkpoints are model
    files too; those of an earlier training in the same folder go.
    """
    from seqattr.jobs.train import run

    if settings.every is not None and settings.checkpoints is None:
        raise click.UsageError("--every is of no use without --checkpoints FOLDER")
    with calling("training") as caller:
        trained = run(output, settings, caller)
    for line in trained.choices:
        say(line)
    measured = "train" if settings.settings.permute_labels else "test"
    tell(trained.training.metrics.get(measured, {}), measured)
    kept = f", checkpoints to {settings.checkpoints}" if settings.checkpoints else ""
    say(f"wrote {output.path} and {trained.metrics}{kept}")


def tell(reached: dict[str, Any], split: str) -> None:
    """What was reached on a split, task by task."""
    for task, measured in reached.items():
        figures = (in_words(name, value) for name, value in measured.items())
        say(f"{task}: {', '.join(figures)} on the {split} split")


def in_words(name: str, value: float | None) -> str:
    """A measure and its value, if it has one."""
    title = {"auroc": "AUROC", "pearson": "Pearson", "spearman": "Spearman"}.get(name, name)
    return f"no {title}" if value is None else f"{title} {value:.3f}"
