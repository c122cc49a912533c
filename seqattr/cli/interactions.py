"""seqattr interactions"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from seqattr.cli.options import MODEL, OUT, PATH, force_option, model_options, settings, threads_option
from seqattr.cli.terminal import calling, say, this_command

if TYPE_CHECKING:
    from seqattr.io.ownership import Output
    from seqattr.jobs.interactions import Settings
    from seqattr.jobs.sources import ModelFile


@click.command()
@click.argument("folder", type=PATH, metavar="SCORES")
@click.option(
    "--matches-file",
    "matches",
    type=PATH,
    help="A hits.tsv or matches.tsv.gz of `seqattr report`. Default: the hits in SCORES/report.",
)
@MODEL
@click.option(
    "--strong",
    type=float,
    help="Log-odds from which a match takes part. Default: all sure hits, matches from 7 on.",
)
@click.option("--most", default=8, show_default=True, help="Matches of a sequence at most, the strongest.")
@click.option("--refs", help="What to compare with, as shuffle:10. Default: what the scores were made with.")
@click.option(
    "--seed", default=0, show_default=True, help="Seed of the places compared with, and of the test."
)
@click.option("--out", type=OUT, default="interactions", show_default=True, help="Folder for the results.")
@threads_option()
@force_option
@model_options
@settings("seqattr.jobs.interactions", command=this_command)
def interactions(folder: Path, model: "ModelFile", output: "Output", settings: "Settings") -> None:
    """Which pairs of motif hits work together, and which against each other.

    SCORES is what `seqattr score` wrote. Hits, matches that carry importance, go by their groups of like
    motifs. Two interact where they add to an output together what neither does alone, and that is a tenth or
    more of what lies between a sequence and its references; other places of the same sequences say what
    chance makes. Writes interactions.tsv (pairs of motifs), instances.tsv (each
    pair in each sequence), figures/ and run.json to OUT.
    """
    from seqattr.jobs.interactions import run

    with calling("sequences") as caller:
        found = run(folder, model, output, settings, caller)
    for line in found.lines():
        say(line)
    if not found.interactions:
        say("no sequence has two hits or matches that do not overlap, so that there is no pair")
    say(f"{found.verdicts()}; wrote {output.path}")
