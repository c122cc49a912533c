"""Which windows go together, and all of one length as one array."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from seqattr.dna.alphabet import one_hot
from seqattr.errors import InputError
from seqattr.inputs.table import Windows
from seqattr.inputs.windows import Window
from seqattr.support.advice import advice


class Aligned:
    """Windows of one length as one-hot (N, 4, L), int8, worked out a slice of rows at a time.

    Raises InputError naming two windows that differ in length.
    """

    def __init__(self, windows: Sequence[Window]) -> None:
        self.windows = Windows.of(windows)
        lengths, names = self.windows.lengths, self.windows.names
        others = np.flatnonzero(lengths != lengths[0])
        if len(others):
            raise InputError(
                f"all sequences must have one length, but {names[0]} has {lengths[0]} bp and "
                f"{names[int(others[0])]} {lengths[others[0]]} bp"
                + "".join(advice("; `pad=True` and `crop=True` would bring all to the model's own"))
            )
        self.shape = (len(windows), 4, int(lengths[0]))

    def __len__(self) -> int:
        return len(self.windows)

    def __getitem__(self, rows: slice) -> npt.NDArray[np.int8]:
        return one_hot(self.windows.codes(rows))


def by_length(windows: Sequence[Window], most: Callable[[int], int]) -> Iterator[npt.NDArray[np.intp]]:
    """Rows of windows of one length, in order: no more of them together than `most` says of that length, but
    at least one.
    """
    lengths = lengths_of(windows)
    order = np.argsort(lengths, kind="stable")
    starts = np.flatnonzero(np.diff(lengths[order])) + 1
    for rows in np.split(order, starts) if len(windows) else []:
        size = max(1, most(int(lengths[rows[0]])))
        yield from (rows[start : start + size] for start in range(0, len(rows), size))


def lengths_of(windows: Sequence[Window]) -> npt.NDArray[np.int32]:
    """The length (N,) of each window."""
    if isinstance(windows, Windows):
        return windows.lengths
    return np.array([window.length for window in windows], np.int32)


def names_of(windows: Sequence[Window]) -> Sequence[str]:
    """The name of each window."""
    return windows.names if isinstance(windows, Windows) else [window.name for window in windows]
