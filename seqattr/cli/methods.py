"""seqattr methods"""

import click


@click.command()
@click.option("--markdown", is_flag=True, help="As a Markdown table, without sources: what the README shows.")
def methods(markdown: bool) -> None:
    """Every method: its family, whether it needs references and is complete, its cost and its source.

    The cost is in rows that go forward and back through the model for one sequence, with R references and T
    targets. A complete method's contributions sum to the difference from the references.
    """
    from seqattr.jobs.methods import run

    click.echo(run(markdown))
