"""seqattr evaluate"""

from copy import copy
from typing import TYPE_CHECKING

import click

from seqattr.cli.groups import CommandGroup
from seqattr.cli.options import (
    MODEL,
    OUT,
    PATH,
    REFS,
    device_option,
    force_option,
    input_options,
    model_options,
    settings,
    targets_option,
    threads_option,
)
from seqattr.cli.terminal import calling, say, this_command
from seqattr.cli.values import names_in, read_by
from seqattr.support.rounding import number_of

if TYPE_CHECKING:
    from seqattr.io.ownership import Output
    from seqattr.jobs.evaluate.settings import Settings
    from seqattr.jobs.sources import ModelFile, SequenceFile

# Each check of `seqattr.evaluate.checks`, whose own import takes seconds, and what it asks.
CHECKS = {
    "sanity": "Do scores change when the model's weights are randomised, layer by layer?",
    "labels": "Do scores change when the model was trained on permuted labels?",
    "faithfulness": "Does the output fall as the bases that scores call important are replaced?",
    "continuity": "Do scores of the same bases stay when the sequence is shifted or turned?",
    "principles": "Do effects of the model go wholly to the bases that have them?",
    "agreement": "Do methods name the same bases?",
    "patterns": "How much of the output do learned patterns leave behind?",
    "all": "All checks; those that cannot be done are left out with their reason.",
}


@click.group(cls=CommandGroup)
def evaluate() -> None:
    """Is an explanation to be believed? Checks of methods, on one page.

    Each check asks one question of each method, with controls that ignore the model; `all` asks them all.
    """


WRITES = (
    "Writes OUT/evaluation.html, a verdict in plain words for each method, with tables (.tsv) and figures. "
    "All sequences must have one length. What is measured is kept in OUT/units: the same command goes on "
    "after any stop."
)


@click.command("all")
@MODEL
@input_options
@click.option(
    "--methods",
    metavar="A,B,...|all",
    callback=read_by(names_in),
    help="Methods to check; all is those that cost little. Default: nine usual ones.",
)
@REFS
@targets_option("check")
@click.option(
    "--sequences",
    "number",
    type=int,
    default=100,
    show_default=True,
    help="At most so many sequences, chosen by the seed.",
)
@click.option("--out", type=OUT, default="evaluation", show_default=True, help="Folder for the results.")
@click.option("--seed", default=0, show_default=True, help="Seed of all that is drawn.")
@click.option(
    "--repeats",
    "seeds",
    default=3,
    show_default=True,
    help="How many times a check draws what it randomises, each with a seed of its own.",
)
@click.option(
    "--born", is_flag=True, help="For sanity: layers of the zoo begin anew, instead of permuted weights."
)
@click.option("--patterns", metavar="FILE", help="What `seqattr patterns` wrote, for methods that need it.")
@click.option("--permuted", type=PATH, help="For labels: what `seqattr train --permute-labels` wrote.")
@device_option
@threads_option()
@click.option("--batch-size", type=int, help="Pairs of sequence and reference at once.")
@force_option
@model_options
@settings("seqattr.jobs.evaluate.settings", "settings_of", command=this_command)
@click.pass_context
def ask(
    context: click.Context,
    model: "ModelFile",
    sequences: "SequenceFile",
    output: "Output",
    settings: "Settings",
) -> None:
    """What the subcommand's name asks."""
    from seqattr.jobs.evaluate.run import run

    with calling("evaluating") as caller:
        summary = run(context.info_name or "", model, sequences, output, settings, caller)
    for each in summary.verdicts:
        say(f"{each.method}: {each.word}. {each.sentence}")
    say(f"wrote {summary.page}, over {number_of(summary.sequences, 'sequence')}")


for name, asks in CHECKS.items():  # one command, whose name says what is asked
    subcommand = copy(ask)
    subcommand.name, subcommand.help, subcommand.short_help = name, f"{asks} {WRITES}", asks
    evaluate.add_command(subcommand)
