"""What is typed."""

from collections.abc import Callable
from typing import TypeVar

Number = TypeVar("Number", int, float)


def comma_separated(text: str, kind: Callable[[str], Number]) -> tuple[Number, ...] | None:
    """The numbers of a text such as "0.3,0.2,0.2,0.3"; None where a word is no number of this kind."""
    try:
        return tuple(kind(word) for word in text.split(","))
    except ValueError:
        return None
