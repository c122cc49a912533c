"""What a motif file holds: the motifs that can be used, and which had to be left out."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from seqattr.errors import InputError

Motif = npt.NDArray[np.float64]  # (4, w), rows A C G T, columns summing to 1

# The widest motifs of published collections have some 40 columns, and MEME looks for no more than 300.
MOST_COLUMNS = 300
MOST_MOTIFS = 50_000  # JASPAR, HOCOMOCO and CIS-BP together have fewer


class Matrix(NamedTuple):
    """A motif's matrix, and whether it is of one strand, as those of RNA are.

    One that was learned from contributions has its contribution weights (4, w) too, sign included.
    """

    probabilities: Motif
    one_strand: bool = False
    contributions: Motif | None = None


class Entry(NamedTuple):
    """A motif as a file announces it; reading its matrix raises InputError where it is an odd one."""

    name: str
    other_name: str  # tells motifs of one name apart
    where: str  # for messages about the name
    matrix: Callable[[], Matrix]


@dataclass
class Collection:
    """Motifs of one file by name, in file order, and the reasons for what is left out."""

    matrices: dict[str, Matrix] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    def add(self, entry: Entry, name: str) -> None:
        """Read a motif; raises InputError where it is no motif, or too wide, or has the name of another."""
        if not name:
            raise InputError(f"{entry.where} gives a motif no name; it stands behind MOTIF or '>'")
        if name in self.matrices:
            raise InputError(f"{entry.where} repeats the motif '{name}'")
        matrix = entry.matrix()
        width = matrix.probabilities.shape[1]
        if width > MOST_COLUMNS:
            raise InputError(f"motif '{name}' has {width} columns; a motif has at most {MOST_COLUMNS}")
        self.matrices[name] = matrix


def collect(path: Path | str, entries: Iterable[Entry], strict: bool) -> Collection:
    """The motifs of a file, each under a name of its own: those of one name get the other name too.

    An odd one is left out, with the reason; with `strict`, or where nothing is left, it is an InputError, and
    so are more motifs than any collection has.
    """
    listed = list(_at_most(path, entries))
    collection = Collection()
    for entry, name in zip(listed, _names(listed), strict=True):
        try:
            collection.add(entry, name)
        except InputError as error:
            if strict:
                raise
            collection.left_out.append(str(error))
    if collection.left_out and not collection.matrices:
        raise InputError(collection.left_out[0])
    return collection


def _at_most(path: Path | str, entries: Iterable[Entry]) -> Iterable[Entry]:
    for number, entry in enumerate(entries):
        if number == MOST_MOTIFS:
            raise InputError(f"{path} holds more than {MOST_MOTIFS} motifs; give those that are of interest")
        yield entry


def _names(entries: Sequence[Entry]) -> list[str]:
    """Where several motifs have one name, as M1 first and M1 other, the names M1.first and M1.other."""
    others: dict[str, set[str]] = {}
    for entry in entries:
        others.setdefault(entry.name, set()).add(entry.other_name)
    return [
        f"{entry.name}.{entry.other_name}" if entry.other_name and len(others[entry.name]) > 1 else entry.name
        for entry in entries
    ]
