"""What a check's numbers say of a method, in plain words."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from seqattr.evaluate.measured import Summary


class Judgement(NamedTuple):
    """Of one method by one check: whether it passes, None where that cannot be said or is not asked.

    `sentence` is for a reader who knows no metric; `basis` are the numbers that it rests on.
    """

    method: str
    check: str
    passes: bool | None
    sentence: str
    basis: str


class Summaries:
    """All summaries of a check, of all methods and controls."""

    def __init__(self, rows: Sequence[Summary]) -> None:
        self.rows = list(rows)

    def __iter__(self) -> Iterator[Summary]:
        return iter(self.rows)

    def select(self, **fields: object) -> list[Summary]:
        """Those with these fields, as method="deeplift", metric="spearman", seed=None."""
        return [
            row for row in self.rows if all(getattr(row, name) == value for name, value in fields.items())
        ]

    @property
    def methods(self) -> list[str]:
        """Methods and controls in the order in which they were asked."""
        return list(dict.fromkeys(row.method for row in self.rows))

    @property
    def targets(self) -> list[str]:
        return list(dict.fromkeys(row.target for row in self.rows))
