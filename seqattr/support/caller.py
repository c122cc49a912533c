"""Who asks for a job: a library's caller, or the command line for its user."""

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from seqattr.support.progress import Progress, silent


@dataclass(frozen=True)
class Caller:
    """What is done with word of a job's progress and with its warnings, and how a message is put.

    `phrase` turns a message that names parameters of the library into the caller's own words, also where it
    is written to a file beside the results. `at` is told in words what of several parts is at work.
    """

    progress: Progress = silent
    warn: Callable[[str], object] = warnings.warn
    phrase: Callable[[str], str] = str
    at: Callable[[str], object] = str

    def tell(self, notes: Iterable[str]) -> None:
        """A warning for each note."""
        for note in notes:
            self.warn(note)


LIBRARY = Caller()
