"""How those who do long work say how far they are, and what that says of the rest.

A run that goes on with what an earlier one left first reports what is there: a `Pace` counts from its first
report on.
"""

import time
from collections.abc import Callable

Progress = Callable[[int, int], None]  # what is done, and what there is in all
Clock = Callable[[], float]  # seconds

MINUTE, HOUR, DAY = 60, 3600, 86400


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


class Pace:
    """How fast work goes, and when it will be done.

    What was done by the first report does not count: another process may have done it, and it may have taken
    what a start takes.
    """

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self.clock, self.began = clock, clock()
        self.done, self.total, self.now = 0, 0, self.began
        self.first: tuple[int, float] | None = None

    def restart(self) -> None:
        """Other work, which counts anew, began with the last report."""
        self.began, self.done, self.total, self.first = self.now, 0, 0, None

    def report(self, done: int, total: int) -> None:
        """So many are done by now."""
        self.done, self.total, self.now = done, total, self.clock()
        if self.first is None:
            self.first = done, self.now

    @property
    def rate(self) -> float | None:
        """How many are done in a second; None while nobody can know."""
        done, since = self.first or (0, self.began)
        return (self.done - done) / (self.now - since) if self.done > done and self.now > since else None

    def left(self) -> str:
        """As "about 38 min left"; "" while nobody can know, and of nothing."""
        rest = self.total - self.done
        return f"about {duration(rest / self.rate)} left" if self.rate and rest > 0 else ""

    def state(self) -> str:
        """As "12,400 of 250,000 (5 %), 103 a second, about 38 min left"."""
        share = 100 * self.done // max(self.total, 1)
        parts = [f"{self.done:,} of {self.total:,} ({share} %)", rate_in_words(self.rate), self.left()]
        return ", ".join(part for part in parts if part)

    def summary(self) -> str:
        """As "250,000 of 250,000 in 41 min, 103 a second"."""
        taken = duration(self.clock() - self.began)
        rate = rate_in_words(self.rate)
        return f"{self.done:,} of {self.total:,} in {taken}{', ' if rate else ''}{rate}"


class Parts:
    """The parts of a job, by name. One that goes on counting where another was is part of the same work; one
    that counts anew is other work: it has its own pace, and its name is the label.
    """

    def __init__(self, label: str, pace: Pace) -> None:
        self.label, self.pace, self.what = label, pace, ""

    def at(self, what: str) -> None:
        """Name the part that is at work from now on."""
        self.what = what

    def counts_anew(self, done: int, total: int) -> bool:
        """Whether less is done than there was, or of another number since a part was named."""
        return done < self.pace.done or bool(self.what and self.pace.first and total != self.pace.total)

    def begin(self) -> None:
        """Other work."""
        self.label, self.what = self.what or self.label, ""
        self.pace.restart()


class Log:
    """Progress as lines in a log: one every minute, and one at the end of work that had such a line."""

    def __init__(self, label: str, say: Callable[[str], None], clock: Clock = time.monotonic) -> None:
        self.say, self.pace = say, Pace(clock)
        self.parts = Parts(label, self.pace)
        self.last, self.lines = self.pace.began, 0

    def __call__(self, done: int, total: int) -> None:
        if self.parts.counts_anew(done, total):
            self.end()
            self.parts.begin()
        self.pace.report(done, total)
        if self.pace.now - self.last >= MINUTE:
            self.last, self.lines = self.pace.now, self.lines + 1
            names = ", ".join(filter(None, (self.parts.label, self.parts.what)))
            self.say(f"{names}: {self.pace.state()}")

    def at(self, what: str) -> None:
        """Name what is at work now."""
        self.parts.at(what)

    def end(self) -> None:
        """The work is over."""
        if self.lines:
            self.say(f"{self.parts.label}: {self.pace.summary()}")
        self.lines = 0


# --- in words ----------------------------------------------------------------------------------


def duration(seconds: float) -> str:
    """As one says it: "45 s", "38 min", "3 h 20 min", "2 days 3 h"."""
    if seconds < 1.5 * MINUTE:
        return f"{max(seconds, 1):.0f} s"
    minutes = round(seconds / MINUTE)
    if minutes < 90:
        return f"{minutes} min"
    hours = round(seconds / HOUR)
    return f"{minutes // 60} h {minutes % 60} min" if hours < 48 else f"{hours // 24} days {hours % 24} h"


def rate_in_words(rate: float | None) -> str:
    """Of so many in a second: "103 a second", "2.5 a minute", "4.2 an hour"; "" of none."""
    if not rate:
        return ""
    unit, seconds = next(
        (each for each in (("a second", 1), ("a minute", MINUTE)) if rate * each[1] >= 1), ("an hour", HOUR)
    )
    number = rate * seconds
    return f"{number:,.0f} {unit}" if number >= 10 else f"{number:.1f} {unit}"
