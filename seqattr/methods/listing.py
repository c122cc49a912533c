"""METHODS as a table for people: in a terminal, and in the README."""

from seqattr.methods.registry import METHODS

HEADINGS = ("method", "family", "what it is", "references", "complete", "forward", "back", "source")


def rows() -> list[tuple[str, ...]]:
    """A row for each method under HEADINGS; rows that go through the model are for one sequence."""
    return [
        (
            name,
            method.family,
            method.summary,
            yes(method.needs_references),
            yes(method.complete),
            *(product_in_words(rows) for rows in method.cost),
            method.source,
        )
        for name, method in METHODS.items()
    ]


def yes(truth: bool) -> str:
    return "yes" if truth else "no"


def product_in_words(expression: str) -> str:
    """A product as people write it."""
    return expression.replace(" * ", " ")


def markdown() -> str:
    """The table as the README has it: without sources, which are long."""
    table = [HEADINGS[:-1], ("---",) * (len(HEADINGS) - 1), *(row[:-1] for row in rows())]
    names = [f"`{row[0]}`" if i > 1 else row[0] for i, row in enumerate(table)]
    lines = [(name, *row[1:]) for name, row in zip(names, table, strict=True)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
