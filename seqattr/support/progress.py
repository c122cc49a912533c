"""How those who do long work say how far they are."""

from collections.abc import Callable

Progress = Callable[[int, int], None]  # what is done, and what there is in all


def silent(done: int, total: int) -> None:
    """For those who do not want to know."""


class Counter:
    """Tells how many of all are done, so many more at a time."""

    def __init__(self, total: int, progress: Progress) -> None:
        self.done, self.total, self.progress = 0, total, progress

    def add(self, number: int = 1) -> None:
        """`number` more."""
        self.done += number
        self.progress(self.done, self.total)
