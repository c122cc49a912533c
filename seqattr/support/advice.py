"""Advice in messages: what would help, as far as whoever reads it can do so.

A library's caller can set every parameter, and is advised all. A job that sets some itself, and a command
that has no option for some, says so with `advising`: clauses that name these are then left out.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_PARAMETER = re.compile(r"`([\w.]+)(?:=[^`]*)?`")
_tests: list[Callable[[str], bool]] = []


@contextmanager
def advising(can_be_set: Callable[[str], bool]) -> Iterator[None]:
    """Within the block no parameter is advised of which this is not true."""
    _tests.append(can_be_set)
    try:
        yield
    finally:
        _tests.pop()


def advice(*clauses: str) -> list[str]:
    """The clauses of which all parameters, written as `pad` or `pad=True`, can be set."""
    return [clause for clause in clauses if all(map(_can_be_set, _PARAMETER.findall(clause)))]


def _can_be_set(name: str) -> bool:
    return all(test(name) for test in _tests)
