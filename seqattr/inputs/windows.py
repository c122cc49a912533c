"""A window that is scored: its bases, and where they lie on a genome."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from seqattr.dna.alphabet import UNKNOWN
from seqattr.dna.regions import Region
from seqattr.errors import NotFinite
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


class Inputs(NamedTuple):
    """All windows in row order, the chromosome sizes for their tracks, what the user should know, and what
    there is no window of.
    """

    windows: Sequence[Window]
    sizes: Mapping[str, int]
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
    first, end = (min(max(left + base, 0), length) for base in window.inside)
    codes[first:end] = window.codes[first - left : end - left]
    region = window.region
    before, after = (right, left) if region.strand == "-" else (left, right)
    wider = replace(region, start=region.start - before, end=region.end + after, summit_offset=None)
    return Window(window.name, codes, wider, (first, end))
