"""Options that commands once had, and what took their places."""

from collections.abc import Mapping

import click

_BY_HITS = "a hit is told by what it explains, and groups are ordered by that"
REMOVED: Mapping[str, Mapping[str, str]] = {
    "report": {
        "--top": f"{_BY_HITS}; hits.tsv and groups.tsv have all of them",
        "--log-odds": f"{_BY_HITS}; --p-value is for what matches.tsv.gz lists",
        "--strong": f"{_BY_HITS}; hits.bed has the sure ones",
    },
    "plot": {
        "--matches": "--hits boxes those matches that carry importance",
        "--strong": "--hits boxes what is sure by its contributions, whatever its log-odds",
    },
}


def told(error: click.NoSuchOption) -> click.NoSuchOption:
    """The error of an unknown option; of one that was removed with what took its place."""
    command = error.ctx.command.name if error.ctx else None
    instead = REMOVED.get(command or "", {}).get(error.option_name)
    if instead is None:
        return error
    gone = f"The option '{error.option_name}' is gone: {instead}."
    return click.NoSuchOption(error.option_name, gone, ctx=error.ctx)
