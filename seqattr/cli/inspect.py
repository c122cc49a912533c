"""seqattr inspect"""

from pathlib import Path
from typing import Any

import click

from seqattr.cli.shared import PATH, foreign_from, foreign_options


@click.command()
@click.argument("model", type=PATH)
@click.option("--method", default="deeplift", show_default=True, help="Show this method's rules.")
@foreign_options
def inspect(model: Path, method: str, **options: Any) -> None:
    """The captured graph: step, kind, rule, shape and source line; inputs and outputs."""
    from seqattr.models.inspection import describe
    from seqattr.models.load import load_model

    foreign = foreign_from(options)
    loaded = load_model(model, trust=options.pop("trust_model"), foreign=foreign)
    click.echo(describe(loaded, method))
