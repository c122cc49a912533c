"""How long chromosomes are, where each of a million records may be one of its own."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import chain

import numpy as np
import numpy.typing as npt

from seqattr.support.packed import Texts


class Sizes(Mapping[str, int]):
    """Sizes that were given, and those of records of other names, at 32 bytes for each of these."""

    def __init__(self, given: Mapping[str, int], names: Texts, bases: npt.NDArray[np.integer]) -> None:
        self._given, self._names, self._bases = given, names, bases

    @cached_property
    def _hashes(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.intp]]:
        """In rising order, and the rows of which they are."""
        hashes = self._names.hashes()
        order = np.argsort(hashes, kind="stable")
        return hashes[order], order

    def __len__(self) -> int:
        return len(self._given) + len(self._names)

    def __iter__(self) -> Iterator[str]:
        return chain(self._given, self._names)

    def __getitem__(self, name: str) -> int:
        if name in self._given:
            return self._given[name]
        hashes, order = self._hashes
        first, end = np.searchsorted(hashes, hash(name), "left"), np.searchsorted(hashes, hash(name), "right")
        for row in order[first:end].tolist():
            if self._names[row] == name:
                return int(self._bases[row])
        raise KeyError(name)
