"""Advice in messages: what would help, as far as whoever reads it can do so, and in the reader's words.

A library's caller can set every parameter, and is advised all. A job that sets some itself, and a command
that has no option for some, says so with `advising`: clauses that name these are then left out. A command
also says how its user names a parameter, for what is written to files and pages.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_PARAMETER = re.compile(r"`([\w.]+)(?:=[^`]*)?`")
_tests: list[Callable[[str], bool]] = []
_phrases: list[Callable[[str], str]] = []


@contextmanager
def advising(can_be_set: Callable[[str], bool], phrase: Callable[[str], str] = str) -> Iterator[None]:
    """Within the block no parameter is advised of which this is not true; `phrase` puts a text that names
    parameters in the words of whoever reads it.
    """
    _tests.append(can_be_set)
    _phrases.append(phrase)
    try:
        yield
    finally:
        _tests.pop()
        _phrases.pop()


def phrased(text: str) -> str:
    """A text, which names parameters as `pad` or `pad=True`, in the words of whoever reads it."""
    for phrase in _phrases:
        text = phrase(text)
    return text


def advice(*clauses: str) -> list[str]:
    """The clauses of which all parameters, written as `pad` or `pad=True`, can be set."""
    return [clause for clause in clauses if all(map(_can_be_set, _PARAMETER.findall(clause)))]


def _can_be_set(name: str) -> bool:
    return all(test(name) for test in _tests)
