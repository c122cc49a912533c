"""seqattr merge"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from seqattr.cli.options import OUT, PATH, force_option
from seqattr.cli.results import report

if TYPE_CHECKING:
    from seqattr.io.ownership import Output


@click.command()
@click.argument("shards", type=PATH, nargs=-1, required=True, metavar="SHARD...")
@click.option("--out", type=OUT, default="scores", show_default=True, help="Folder for the results.")
@force_option
def merge(shards: tuple[Path, ...], output: "Output") -> None:
    """The shards of a run, each a folder of `seqattr score --shard`, into its results.

    They are byte for byte those of one run. What the shards hold stays.
    """
    from seqattr.jobs.merge import run

    report(run(shards, output), output.path)
