"""seqattr export"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from seqattr.cli.options import FORCE, OUT, PATH, TableOption
from seqattr.cli.terminal import QUIET, say

if TYPE_CHECKING:
    from seqattr.jobs.export import Writer


def formats(writers: "Mapping[str, Writer]") -> str:
    """Each format with the files that it has."""
    return "; ".join(f"{name}: {writer.help}" for name, writer in writers.items())


@click.command()
@click.argument("folder", type=PATH)
@click.option(
    "--format",
    "form",
    cls=TableOption,
    table="seqattr.jobs.export:WRITERS",
    listed=formats,
    default="modisco",
    show_default=True,
    help="{}.",
)
@click.option("--target", help="Which target of the folder; needed where there are several.")
@click.option("--out", type=OUT, help="Folder for the files. Default: FOLDER/<target>.<format>.")
@FORCE
def export(folder: Path, form: str, target: str | None, out: Path | None, force: bool) -> None:
    """Scores of `seqattr score` in the form another tool reads."""
    from seqattr.jobs.export import export as run

    say(f"wrote {run(folder, form, target, out, force, QUIET)}")
