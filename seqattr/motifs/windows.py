"""Windows of contributions: which of them count, their sums, and those of permuted contributions.

Whichever strand and padding was given, rows are looked at alike.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from seqattr.dna.loci import positions_in
from seqattr.motifs.matches import prefers_other_strand

# At least so many windows of permuted contributions set a threshold.
_NULL_WINDOWS = 100_000


class WindowCounts(NamedTuple):
    """The windows of all rows that count, and the bases of the rows that have one."""

    windows: int
    bases: int

    @property
    def rounds(self) -> int:
        """How often all contributions are permuted, so that there are enough windows of them."""
        return max(1, -(-_NULL_WINDOWS // max(1, self.windows)))

    def generators(self, seed: int) -> list[np.random.Generator]:
        """One for each round, that gives the numbers behind those of the rounds before."""
        bits = [np.random.PCG64(seed) for _ in range(self.rounds)]
        return [np.random.Generator(one.advance(number * self.bases)) for number, one in enumerate(bits)]


def count_windows(blocks: Iterable[np.ndarray], width: int, starts: np.ndarray | None = None) -> WindowCounts:
    """Of all rows, from what is `known` (B, L) as a base, a block at a time; `starts` as in `window_mask`."""
    row, windows, bases = 0, 0, 0
    for known in blocks:
        counting = window_mask(known, width, None if starts is None else starts[row : row + len(known)])
        windows += int(counting.sum())
        bases += int(known[counting.any(axis=1)].sum())
        row += len(known)
    return WindowCounts(windows, bases)


def window_mask(known: np.ndarray, width: int, starts: np.ndarray | None) -> np.ndarray:
    """Which windows (N, L - width + 1) are bases throughout, and count in their row.

    `starts` (N, 2) are those that do, as `Loci.counting_starts` has them; None where all do.
    """
    whole = whole_windows(known, width)
    return whole if starts is None else whole & positions_in(starts, whole.shape[1])


def whole_windows(known: np.ndarray, width: int) -> np.ndarray:
    """Which windows (N, L - width + 1) are `known` (N, L) as bases throughout."""
    unknown = np.pad((~known).cumsum(axis=1), [(0, 0), (1, 0)])
    whole: np.ndarray = unknown[:, width:] == unknown[:, :-width]
    return whole


class OrientedRows(NamedTuple):
    """Rows from their first base on, and in one direction whichever was given."""

    values: np.ndarray  # (N, L), 0 where there is no base
    known: np.ndarray  # (N, L)
    counting: np.ndarray  # (N, P)
    first: np.ndarray  # (N,), where the first base was
    backwards: np.ndarray  # (N,)
    length: int  # as given

    def start_in_row(self, row: np.ndarray, start: np.ndarray, width: int) -> np.ndarray:
        """Where windows that start here begin in their rows as those were given."""
        shifted = start + self.first[row]
        return np.asarray(np.where(self.backwards[row], self.length - width - shifted, shifted))


def orient_rows(contributions: np.ndarray, known: np.ndarray, counting: np.ndarray) -> OrientedRows:
    """Contributions (N, L), what is known as a base and the windows (N, P) that count, in one orientation."""
    values = np.where(known, contributions, 0).astype(np.float64)
    turned = values[:, ::-1], known[:, ::-1], counting[:, ::-1]
    first, last = known.argmax(axis=1), turned[1].argmax(axis=1)
    longest = int((known.shape[1] - first - last).max(initial=1))
    windows = max(longest - (known.shape[1] - counting.shape[1]), 0)
    backwards = prefers_other_strand(
        _columns_from(values, first, longest), _columns_from(turned[0], last, longest)
    )
    given = values, known, counting
    values, known, counting = (
        np.where(backwards[:, None], reverse, forward) for forward, reverse in zip(given, turned, strict=True)
    )
    first = np.where(backwards, last, first)
    return OrientedRows(
        _columns_from(values, first, longest),
        _columns_from(known, first, longest),
        _columns_from(counting, first, windows),
        first,
        backwards,
        given[0].shape[1],
    )


def _columns_from(values: np.ndarray, first: np.ndarray, length: int) -> np.ndarray:
    """So many columns of values (N, L) from another one on in each row; 0 beyond the last."""
    column = first[:, None] + np.arange(length)
    inside = column < values.shape[1]
    return np.where(inside, np.take_along_axis(values, np.where(inside, column, 0), axis=1), 0).astype(
        values.dtype
    )


def window_sums(values: np.ndarray, width: int) -> np.ndarray:
    """The sums (N, L - width + 1) of all windows of values (N, L)."""
    sums = values.cumsum(axis=1)
    upto = np.zeros((len(sums), sums.shape[1] + 1), sums.dtype)
    upto[:, 1:] = sums
    return upto[:, width:] - upto[:, :-width]


def permuted_sums(
    rows: OrientedRows, width: int, generators: Iterable[np.random.Generator]
) -> Iterator[np.ndarray]:
    """For each generator the sums (K,) of the windows that count, the values of each row's bases permuted.

    They are sorted before, so that the strand is no matter, and drawn base by base, so that padding is none.
    """
    bases = rows.known.sum(axis=1)
    filled = np.arange(rows.known.shape[1]) < bases[:, None]
    ordered = np.sort(np.where(rows.known, rows.values, np.inf), axis=1)
    for rng in generators:
        keys, permuted = np.full(rows.known.shape, np.inf), np.zeros(rows.known.shape)
        keys[filled] = rng.random(int(bases.sum()))
        permuted[rows.known] = np.take_along_axis(ordered, keys.argsort(axis=1), axis=1)[filled]
        yield window_sums(permuted, width)[rows.counting]
