"""Many short texts, as names of a million windows, in one piece of memory."""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, overload

import numpy as np
import numpy.typing as npt

_AT_ONCE = 1 << 12
_ODD = ("utf-8", "surrogatepass")  # what a caller may have in a name


class Texts(Sequence[str]):
    """Texts that are decoded when asked for: their letters in one blob, and 12 bytes each.

    `starts` (N,) int64 and `sizes` (N,) int32 are the places of their bytes.
    """

    def __init__(
        self, blob: bytes | bytearray, starts: npt.NDArray[np.int64], sizes: npt.NDArray[np.int32]
    ) -> None:
        self.blob, self.starts, self.sizes = blob, starts, sizes

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Texts":
        """These texts in one blob."""
        return texts if isinstance(texts, Texts) else TextsBuilder(texts).finish()

    @classmethod
    def joined(cls, first: "Texts", second: "Texts") -> "Texts":
        """The texts of both."""
        if not len(first):
            return second
        starts = np.concatenate([first.starts, second.starts + len(first.blob)])
        return cls(first.blob + second.blob, starts, np.concatenate([first.sizes, second.sizes]))

    def __len__(self) -> int:
        return len(self.sizes)

    @overload
    def __getitem__(self, row: int) -> str: ...
    @overload
    def __getitem__(self, row: slice) -> "Texts": ...
    def __getitem__(self, row: int | slice) -> "str | Texts":
        if isinstance(row, slice):
            return self.select(row)
        start = int(self.starts[row])
        return self.blob[start : start + int(self.sizes[row])].decode(*_ODD)

    def __iter__(self) -> Iterator[str]:
        for first in range(0, len(self), _AT_ONCE):
            some = slice(first, first + _AT_ONCE)
            ends = self.starts[some] + self.sizes[some]
            for start, end in zip(self.starts[some].tolist(), ends.tolist(), strict=True):
                yield self.blob[start:end].decode(*_ODD)

    def select(self, rows: slice | npt.NDArray[np.integer] | npt.NDArray[np.bool_]) -> "Texts":
        """The texts of these rows, from the same blob."""
        return Texts(self.blob, self.starts[rows], self.sizes[rows])

    def hashes(self) -> npt.NDArray[np.int64]:
        """A number (N,) for each text, the same for the same text within this process."""
        return np.fromiter(map(hash, self), np.int64, len(self))

    def repeated(self) -> list[str]:
        """The texts that come more than once, each once, in the order in which they first come."""
        numbers, count = np.unique(self.hashes(), return_counts=True)
        if len(numbers) == len(self):
            return []
        suspects = np.flatnonzero(np.isin(self.hashes(), numbers[count > 1]))
        counts = Counter(self.select(suspects))
        return [text for text, number in counts.items() if number > 1]

    def content(self) -> Iterator[bytes]:
        """The bytes of the texts in their order, many at once, with no mark between them."""
        ends = self.starts + self.sizes
        if len(self) and (self.starts[1:] == ends[:-1]).all():
            yield bytes(memoryview(self.blob)[int(self.starts[0]) : int(ends[-1])])
            return
        for first in range(0, len(self), _AT_ONCE):
            yield "".join(self[first : first + _AT_ONCE]).encode(*_ODD)


class TextsBuilder:
    """Texts that come one by one; of the first few that differ, the same ones are kept once."""

    def __init__(self, texts: Iterable[str] = (), kept_once: int = 0) -> None:
        self._blob, self._starts, self._sizes = bytearray(), array("q"), array("i")
        self._known: dict[str, int] = {}
        self._kept_once = kept_once
        for text in texts:
            self.add(text)

    def __len__(self) -> int:
        return len(self._sizes)

    def __getitem__(self, row: int) -> str:
        start = self._starts[row]
        return self._blob[start : start + self._sizes[row]].decode(*_ODD)

    def add(self, text: str) -> None:
        start = self._known.get(text, -1) if self._known else -1
        letters = text.encode(*_ODD)
        if start < 0:
            start = len(self._blob)
            self._blob += letters
            if len(self._known) < self._kept_once:
                self._known[text] = start
        self._starts.append(start)
        self._sizes.append(len(letters))

    def finish(self) -> Texts:
        """All of them, without a copy: nothing can be added afterwards."""
        return Texts(self._blob, column(self._starts), column(self._sizes))


def column(values: "array[int]") -> npt.NDArray[Any]:
    """The values of an array as numpy has them, in the same memory."""
    return np.frombuffer(values, np.dtype(values.typecode)) if values else np.array(values)


class Numbering:
    """Numbers for texts: the same number for the same text, in the order in which they first come."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def number(self, text: str) -> int:
        return self._numbers.setdefault(text, len(self._numbers))

    def texts(self) -> Texts:
        return Texts.of(self._numbers)
