"""How those who do long work say how far they are."""

from collections.abc import Callable

Progress = Callable[[int, int], None]  # what is done, and what there is in all


def silent(done: int, total: int) -> None:
    """For those who do not want to know."""
