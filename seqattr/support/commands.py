"""A command as results record it: one that can be typed again, and that two runs are told apart by."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

OUT = "--out"


def without(words: Sequence[str], options: Mapping[str, int]) -> Iterator[str]:
    """The words typed, without these options and the words that each takes."""
    rest = iter(words)
    for word in rest:
        name, _, value = word.partition("=")
        if name not in options:
            yield word
        elif not value:
            list(islice(rest, options[name]))


def but_for_out(command: str) -> str:
    """The same command wherever its results lie: a folder that was moved holds those of the same run."""
    try:
        return shlex.join(without(shlex.split(command), {OUT: 1}))
    except ValueError:  # nothing that a shell reads
        return command


def with_out(command: str, out: str) -> str:
    """The command that writes elsewhere, at the same place in the line; "" of none."""
    words = shlex.split(command)
    for number, word in enumerate(words):
        name, equals, _ = word.partition("=")
        if name == OUT:
            words[number : number + (1 if equals else 2)] = [f"{OUT}={out}"] if equals else [OUT, out]
            return shlex.join(words)
    return shlex.join([*words, OUT, out]) if words else ""
