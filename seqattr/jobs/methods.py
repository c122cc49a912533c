"""All methods as a table: for a terminal, or as the README shows it."""

from seqattr.jobs.inspect import table
from seqattr.methods import listing


def run(markdown: bool = False) -> str:
    """The table of METHODS, with the source of each, or in Markdown without."""
    return listing.markdown() if markdown else "\n".join(table([listing.HEADINGS, *listing.rows()]))
