"""What a caller gave, tested for what it is: a whole number, numbers each once, settings."""

from collections.abc import Iterable
from math import isfinite
from numbers import Integral, Real
from typing import Any

from seqattr.errors import InputError


def is_whole(value: Any) -> bool:
    """Whether it is a whole number, also one of numpy's; True and False are none."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def each_once(given: Any, what: str, whole: bool = False) -> tuple[Any, ...]:
    """Numbers of a list, an array or a range, as a tuple. Raises InputError, which says `what` they are, for
    none, one of them twice, and what is no (whole) number.
    """
    listed = given.tolist() if hasattr(given, "tolist") else given
    numbers = tuple(listed) if isinstance(listed, Iterable) else ()
    right = all(is_whole(one) if whole else isinstance(one, Real) and isfinite(one) for one in numbers)
    if not numbers or not right or len(set(numbers)) < len(numbers):
        kind = "whole numbers" if whole else "numbers"
        shown = ", ".join(f"{one:g}" for one in numbers) if numbers and right else repr(given)
        raise InputError(f"{what} are one or more {kind}, each once, not {shown}")
    return numbers


def check_settings(given: Any, wanted: type) -> None:
    """Raises InputError, which names the right class, for settings of another."""
    if not isinstance(given, wanted):
        where = f"{wanted.__module__}.{wanted.__qualname__}"
        what = "the class itself" if given is wanted else type(given).__name__
        raise InputError(f"`settings` are a {where}, not {what}")
