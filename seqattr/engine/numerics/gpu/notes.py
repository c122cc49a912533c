"""What a user should know of kernels for a GPU that are in use, or are not."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_tell: ContextVar[Callable[[str], None]] = ContextVar("tell", default=lambda note: None)


@contextmanager
def telling(tell: Callable[[str], None]) -> Iterator[None]:
    """Within the block, `tell` is given what a user should know."""
    token = _tell.set(tell)
    try:
        yield
    finally:
        _tell.reset(token)


def say(note: str) -> None:
    _tell.get()(note)
