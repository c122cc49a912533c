"""seqattr inspect"""

from typing import TYPE_CHECKING

import click

from seqattr.cli.options import PATH, model_options, threads_option
from seqattr.cli.terminal import QUIET

if TYPE_CHECKING:
    from seqattr.jobs.sources import ModelFile


@click.command()
@click.argument("model", type=PATH)
@click.option("--method", default="deeplift", show_default=True, help="Show this method's rules.")
@threads_option()
@model_options
def inspect(model: "ModelFile", method: str) -> None:
    """The captured graph: step, kind, rule, shape and source line; inputs and outputs."""
    from seqattr.jobs.inspect import run

    click.echo(run(model, method, QUIET))
