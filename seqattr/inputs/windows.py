"""The windows that are scored: their bases, where they lie on a genome, and which of them go together."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from seqattr.dna.alphabet import UNKNOWN, one_hot
from seqattr.dna.regions import Region
from seqattr.errors import InputError, NotFinite
from seqattr.inputs.dropped import Dropped


@dataclass(frozen=True)
class Window:
    """One row: base codes (L,), and the region that they stand for.

    `region` covers the whole row; bases outside `inside` (first, end) are padding.
    """

    name: str
    codes: npt.NDArray[np.uint8]
    region: Region
    inside: tuple[int, int]

    @property
    def length(self) -> int:
        """L"""
        return len(self.codes)

    @property
    def own_region(self) -> Region:
        """The region of the bases that are not padding."""
        first, end = self.inside
        if self.region.strand == "-":
            first, end = self.length - end, self.length - first
        start = self.region.start
        return replace(self.region, start=start + first, end=start + end, summit_offset=None)


class Aligned:
    """Windows of one length as one-hot (N, 4, L), int8, worked out a slice of rows at a time.

    Raises InputError naming two windows that differ in length.
    """

    def __init__(self, windows: Sequence[Window]) -> None:
        self.windows = windows
        first = windows[0]
        other = next((w for w in windows if w.length != first.length), None)
        if other is not None:
            raise InputError(
                f"all sequences must have one length, but {first.name} has {first.length} bp and "
                f"{other.name} {other.length} bp; "
                "`pad=True` and `crop=True` would bring all to the model's own"
            )
        self.shape = (len(windows), 4, first.length)

    def __len__(self) -> int:
        return len(self.windows)

    def __getitem__(self, rows: slice) -> npt.NDArray[np.int8]:
        return one_hot(np.stack([window.codes for window in self.windows[rows]]))


class Inputs(NamedTuple):
    """All windows in row order, the chromosome sizes for their tracks, what the user should know, and what
    there is no window of.
    """

    windows: list[Window]
    sizes: dict[str, int]
    notes: list[str]
    dropped: Sequence[Dropped] = ()


@contextmanager
def naming(names: Sequence[str]) -> Iterator[None]:
    """Where the block raises NotFinite for the sequence in a row, say its name among these."""
    try:
        yield
    except NotFinite as error:
        if error.row is None:
            raise
        raise error.for_record(names[error.row]) from error


def resize(window: Window, length: int) -> Window:
    """The same middle with `length` bases: N on both sides, or the ends cut off."""
    if window.length == length:
        return window
    left = (length - window.length) // 2 if length > window.length else -((window.length - length) // 2)
    right = length - window.length - left
    codes = np.full(length, UNKNOWN, np.uint8)
    first, end = max(left, 0), min(left + window.length, length)
    codes[first:end] = window.codes[first - left : end - left]
    region = window.region
    before, after = (right, left) if region.strand == "-" else (left, right)
    wider = replace(region, start=region.start - before, end=region.end + after, summit_offset=None)
    return Window(window.name, codes, wider, (first, end))


def by_length(windows: Sequence[Window], most: Callable[[int], int]) -> Iterator[npt.NDArray[np.intp]]:
    """Rows of windows of one length, in order: no more of them together than `most` says of that length, but
    at least one.
    """
    lengths = np.array([window.length for window in windows], np.intp)
    order = np.argsort(lengths, kind="stable")
    starts = np.flatnonzero(np.diff(lengths[order])) + 1
    for rows in np.split(order, starts) if len(windows) else []:
        size = max(1, most(int(lengths[rows[0]])))
        yield from (rows[start : start + size] for start in range(0, len(rows), size))
