"""What the command line says to people: lines on stderr, and a bar on a terminal."""

import shlex
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from seqattr.cli.flags import in_flags
from seqattr.errors import as_line
from seqattr.support.caller import Caller
from seqattr.support.progress import Progress, silent


def say(line: str) -> None:
    """A line for people, on stderr."""
    click.echo(line, err=True)


def warn(*lines: str) -> None:
    for line in lines:
        say(f"seqattr: warning: {as_line(in_flags(line))}")


@contextmanager
def calling(label: str) -> Iterator[Caller]:
    """A job's caller in this command: its progress is a bar of this label, its messages name options."""
    with progress_bar(label) as progress:
        yield Caller(progress, warn, in_flags)


QUIET = Caller(silent, warn, in_flags)  # of a job that is done at once


@contextmanager
def progress_bar(label: str) -> Iterator[Progress]:
    """A function (done, total) that draws a bar on a terminal, and nothing in a log."""
    if not sys.stderr.isatty():
        yield silent
        return
    bar: Any = None

    def draw(done: int, total: int) -> None:
        nonlocal bar
        if bar is None:
            bar = click.progressbar(length=total, label=label, file=sys.stderr, show_pos=True)
            bar.__enter__()
        bar.update(done - bar.pos)

    try:
        yield draw
    finally:
        if bar is not None:
            bar.__exit__(None, None, None)


def this_command() -> str:
    """What was typed, as results record it: whether other results may be replaced is no part of a run, nor is
    the number of threads.
    """
    return shlex.join(["seqattr", *_of_the_run(sys.argv[1:])])


def _of_the_run(words: Iterable[str]) -> Iterator[str]:
    rest = iter(words)
    for word in rest:
        if word == "--threads":
            next(rest, None)
        elif word != "--force" and not word.startswith("--threads="):
            yield word
