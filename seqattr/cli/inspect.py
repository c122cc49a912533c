"""seqattr inspect"""

from pathlib import Path
from typing import Any

import click

from seqattr.cli.shared import PATH, foreign_options, open_model


@click.command()
@click.argument("model", type=PATH)
@click.option("--method", default="deeplift", show_default=True, help="Show this method's rules.")
@foreign_options
def inspect(model: Path, method: str, **options: Any) -> None:
    """The captured graph: step, kind, rule, shape and source line; inputs and outputs."""
    from seqattr.jobs.inspect import describe

    loaded = open_model(model, options)
    click.echo(describe(loaded, method))
