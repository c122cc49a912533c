"""The names of windows, which are made when they are asked for."""

from collections.abc import Callable, Iterator, Sequence
from typing import overload

import numpy as np

from seqattr.dna.places import Places, Rows
from seqattr.support.packed import Texts


class RegionNames(Sequence[str]):
    """The names of regions; of one that has none, its place (chr1:100-200)."""

    def __init__(self, places: Places) -> None:
        self._places = places

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, row: int) -> str: ...
    @overload
    def __getitem__(self, row: slice) -> "RegionNames": ...
    def __getitem__(self, row: int | slice) -> "str | RegionNames":
        if isinstance(row, slice):
            return self.select(row)
        return self._places.names[row] or str(self._places[row])

    def __iter__(self) -> Iterator[str]:
        for row, name in enumerate(self._places.names):
            yield name or str(self._places[row])

    def select(self, rows: Rows) -> "RegionNames":
        """Those of these rows."""
        return RegionNames(self._places.select(rows))

    def feed(self, take: Callable[[bytes], object]) -> None:
        """What the names are made of."""
        feed(self._places.names, take)
        for column in (self._places.chrom, self._places.start, self._places.end):
            take(np.ascontiguousarray(column).tobytes())


def feed(texts: Sequence[str], take: Callable[[bytes], object]) -> None:
    """All that tells texts from others, as bytes."""
    if isinstance(texts, RegionNames):
        texts.feed(take)
    else:
        packed = Texts.of(texts)
        take(packed.sizes.tobytes())
        for content in packed.content():
            take(content)
