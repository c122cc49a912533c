"""Work that is stopped from outside: by Ctrl-C, or by a scheduler that wants its machine back."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

CONTINUES = "the same command continues where it stopped"
BEGINS = "nothing was done yet that could be kept: the same command begins again"
NOTHING_HALF = "no file was left half-written"


class Terminated(KeyboardInterrupt):
    """Stopped by SIGTERM, a polite kill: what is being written is cleaned up, as after Ctrl-C."""


@contextmanager
def resumable(sentence: str = CONTINUES, kept: Callable[[], object] = lambda: True) -> Iterator[None]:
    """Work of which it can be said what becomes of it when it is stopped, as part of a line: another
    sentence where nothing is `kept` by then.
    """
    try:
        yield
    except KeyboardInterrupt as stop:
        stop.add_note(sentence if kept() else BEGINS)
        raise


@contextmanager
def not_kept() -> Iterator[None]:
    """Work of which nothing is left when it is stopped, whatever its parts say of themselves."""
    try:
        yield
    except KeyboardInterrupt as stop:
        stop.__notes__ = [NOTHING_HALF]
        raise


def what_is_left(stop: BaseException) -> str:
    """The sentence of the innermost work that has one, or else the one that always holds."""
    return getattr(stop, "__notes__", [NOTHING_HALF])[0]
