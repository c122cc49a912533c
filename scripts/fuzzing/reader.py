"""What one sort of files needs to be tried: how to make a spoilt one, and how to read it."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from seqattr.errors import SeqattrError

LONGEST_LINE = 2500  # characters that anybody reads of a message

Files = dict[str, bytes]  # their names in the folder of the input


class Reader(Protocol):
    """Makes inputs and reads them."""

    def make(self, rng: random.Random) -> Files:
        """The files of one input, mutated."""

    def read(self, folder: Path, rng: random.Random) -> None:
        """Read them in every way there is. Raises SeqattrError where that is the answer, AssertionError where
        what was read is not what stands there.
        """


# Each reader is the class of this name in the module of this name; several make up a group.
GROUPS = {
    "fasta": ("sequences.Fasta",),
    "bed": ("sequences.Bed",),
    "motifs": ("motifs.Motifs", "motifs.Discovered"),
    "tables": ("tables.Variants", "tables.FinemoHits"),
    "models": ("models.Graphs", "models.Archives", "models.Checkpoints"),
    "sources": ("sources.HubFolders", "sources.OtherFiles"),
    "folders": ("folders.Scores", "folders.Benchmark", "folders.Patterns", "folders.Simulations"),
}
READERS = tuple(name for names in GROUPS.values() for name in names)


def each(*calls: Callable[[], Any]) -> None:
    """All of them; raises the first refusal where all refuse."""
    refusals = [refusal for call in calls if (refusal := refusal_of(call))]
    if len(refusals) == len(calls):
        raise refusals[0]


def refusal_of(call: Callable[[], Any]) -> SeqattrError | None:
    try:
        call()
    except SeqattrError as error:
        check_lines(error)
        return error
    return None


def check_lines(*told: object) -> None:
    """Each is one line, that fits a screen."""
    for text in map(str, told):
        assert len(text.splitlines()) == 1, f"not one line: {text[:200]!r}"
        assert len(text) < LONGEST_LINE, f"a line of {len(text)} characters: {text[:200]!r}"
