"""What the command line says to people: lines on stderr, and a bar on a terminal."""

import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import click

from seqattr.cli.flags import in_flags
from seqattr.errors import as_line
from seqattr.support.caller import Caller
from seqattr.support.commands import without
from seqattr.support.progress import Clock, Log, Pace, Parts, silent


def say(line: str) -> None:
    """A line for people, on stderr."""
    click.echo(line, err=True)


def warn(*lines: str) -> None:
    for line in lines:
        say(f"seqattr: warning: {as_line(in_flags(line))}")


@contextmanager
def calling(label: str) -> Iterator[Caller]:
    """A job's caller in this command: it shows progress under this label, and its messages name options."""
    with progress_bar(label) as progress:
        yield Caller(progress, warn, in_flags, progress.at)


QUIET = Caller(silent, warn, in_flags)  # of a job that is done at once


@contextmanager
def progress_bar(label: str, clock: Clock = time.monotonic) -> Iterator["Bar | Log"]:
    """A function (done, total) that draws a bar on a terminal, and says a line every minute in a log."""
    if sys.stderr.isatty():
        with closing(Bar(label, Pace(clock))) as bar:
            yield bar
        return
    log = Log(label, say, clock)
    yield log
    log.end()


class Bar:
    """Progress as a bar on a terminal, with the time that remains; a bar for each work that counts anew."""

    def __init__(self, label: str, pace: Pace) -> None:
        self.parts, self.pace = Parts(label, pace), pace
        self.drawn: Any = None

    def __call__(self, done: int, total: int) -> None:
        if self.parts.counts_anew(done, total):
            self.close()
            self.parts.begin()
        self.pace.report(done, total)
        if self.drawn is None:
            self.drawn = self.draw(total)
        self.drawn.label, self.drawn.length = self.parts.what or self.parts.label, total
        self.drawn.update(done - self.drawn.pos, self.pace.left())

    def at(self, what: str) -> None:
        """Name what is at work now, in the place of the label."""
        self.parts.at(what)

    def draw(self, total: int) -> Any:
        """One of click's, whose own estimate would count what was there before."""
        return click.progressbar(
            length=total,
            label=self.parts.what or self.parts.label,
            file=sys.stderr,
            show_pos=True,
            show_eta=False,
            item_show_func=lambda left: left,
        ).__enter__()

    def close(self) -> None:
        """Leaves the line that the bar stands on."""
        if self.drawn is not None:
            self.drawn.__exit__(None, None, None)
            self.drawn = None


# What is no part of a run, as its results do not depend on it: the options, and how many words each takes.
HOW = {
    "--threads": 1,
    "--workers": 1,
    "--shard": 1,
    "--force": 0,
    "--restart": 0,
    "--strict": 0,
    "--check": 0,
}


def this_command() -> str:
    """What was typed, as results record it: without what they do not depend on, but with where they lie."""
    return shlex.join(["seqattr", *without(sys.argv[1:], HOW)])
