"""seqattr plot"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from seqattr.cli.options import OUT_FILE, PATH, force_option, settings
from seqattr.cli.terminal import calling, say

if TYPE_CHECKING:
    from seqattr.io.ownership import Output
    from seqattr.jobs.plot import Settings


@click.command()
@click.argument("folders", nargs=-1, required=True, type=PATH, metavar="FOLDER...")
@click.option(
    "--region", required=True, metavar="NAME[:START-END]", help="A scored sequence, or a place on the genome."
)
@click.option("--target", "targets", multiple=True, help="Target to draw; repeatable. Default: all.")
@click.option("--hits", is_flag=True, help="Box the sure hits of FOLDER/report, else of TAL1 and GATA1.")
@click.option("--motifs", "motif_specs", multiple=True, help="Motif file whose sure hits to box; repeatable.")
@click.option("--out", type=OUT_FILE, required=True, help="Figure to write: .svg, .png or .pdf.")
@force_option
@settings("seqattr.jobs.plot", "Settings")
def plot(folders: tuple[Path, ...], region: str, output: "Output", settings: "Settings") -> None:
    """Contributions in one region as letters: several targets, or several methods, one above the other.

    Each FOLDER is what `seqattr score` wrote; give one for each method. Of more than 250 bases there is an
    overview, and letters of the 150 that matter most. Boxed are the hits that a report would box: those of
    FOLDER/report, or of motifs, judged by FOLDER's sequences, each in the rows that it explains.
    """
    from seqattr.jobs.plot import run

    with calling("judging hits") as caller:
        drawn = run(folders, region, output, settings, caller)
    say(f"wrote {output.path}: {', '.join(drawn.names)}{drawn.note and f' ({drawn.note})'}")
