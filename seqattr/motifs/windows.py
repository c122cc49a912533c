"""Rows of contributions as windows are looked for in them: alike whichever strand and padding was given."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from seqattr.motifs.matches import read_backwards

# At least so many windows of permuted contributions set a threshold.
_NULL_WINDOWS = 100_000


class Counted(NamedTuple):
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
        return [np.random.Generator(each.advance(number * self.bases)) for number, each in enumerate(bits)]


def all_counted(blocks: Iterable[np.ndarray], width: int, own: np.ndarray | None = None) -> Counted:
    """Of all rows, from what is `known` (B, L) as a base a block at a time."""
    row, windows, bases = 0, 0, 0
    for known in blocks:
        counting = counting_windows(known, width, None if own is None else own[row : row + len(known)])
        windows += int(counting.sum())
        bases += int(known[counting.any(axis=1)].sum())
        row += len(known)
    return Counted(windows, bases)


def counting_windows(known: np.ndarray, width: int, own: np.ndarray | None) -> np.ndarray:
    """Which windows (N, L - width + 1) are bases throughout, and count in their row.

    `own` (N, 2) are the starts that do, as `Loci.own` has them; None where all do.
    """
    unknown = np.pad((~known).cumsum(axis=1), [(0, 0), (1, 0)])
    whole: np.ndarray = unknown[:, width:] == unknown[:, :-width]
    if own is None:
        return whole
    begin, end = own.T[:, :, None]
    start = np.arange(whole.shape[1])
    return whole & (begin <= start) & (start < end)


class Laid(NamedTuple):
    """Rows the way they are looked at: from their first base on, and in one direction whichever was given."""

    values: np.ndarray  # (N, L), 0 where there is no base
    known: np.ndarray  # (N, L)
    counting: np.ndarray  # (N, P)
    first: np.ndarray  # (N,), where the first base was
    backwards: np.ndarray  # (N,)
    length: int  # as given

    def start_as_given(self, row: np.ndarray, start: np.ndarray, width: int) -> np.ndarray:
        there = start + self.first[row]
        found: np.ndarray = np.where(self.backwards[row], self.length - width - there, there)
        return found


def laid_out(contributions: np.ndarray, known: np.ndarray, counting: np.ndarray) -> Laid:
    values = np.where(known, contributions, 0).astype(np.float64)
    turned = values[:, ::-1], known[:, ::-1], counting[:, ::-1]
    first, last = known.argmax(axis=1), turned[1].argmax(axis=1)
    longest = int((known.shape[1] - first - last).max(initial=1))
    windows = max(longest - (known.shape[1] - counting.shape[1]), 0)
    backwards = read_backwards(_from(values, first, longest), _from(turned[0], last, longest))
    given = values, known, counting
    values, known, counting = (
        np.where(backwards[:, None], there, here) for here, there in zip(given, turned, strict=True)
    )
    first = np.where(backwards, last, first)
    return Laid(
        _from(values, first, longest),
        _from(known, first, longest),
        _from(counting, first, windows),
        first,
        backwards,
        given[0].shape[1],
    )


def _from(values: np.ndarray, first: np.ndarray, length: int) -> np.ndarray:
    """So many columns of values (N, L) from another one on in each row; 0 beyond the last."""
    at = first[:, None] + np.arange(length)
    inside = at < values.shape[1]
    return np.where(inside, np.take_along_axis(values, np.where(inside, at, 0), axis=1), 0).astype(
        values.dtype
    )


def window_sums(values: np.ndarray, width: int) -> np.ndarray:
    upto = np.pad(values.cumsum(axis=1), [(0, 0), (1, 0)])
    return upto[:, width:] - upto[:, :-width]


def permuted_sums(laid: Laid, width: int, generators: Iterable[np.random.Generator]) -> Iterator[np.ndarray]:
    """For each generator the sums (K,) of the windows that count, the values of each row's bases permuted.

    They are sorted before, so that the strand is no matter, and drawn base by base, so that padding is none.
    """
    bases = laid.known.sum(axis=1)
    here = np.arange(laid.known.shape[1]) < bases[:, None]
    ordered = np.sort(np.where(laid.known, laid.values, np.inf), axis=1)
    for rng in generators:
        keys, permuted = np.full(laid.known.shape, np.inf), np.zeros(laid.known.shape)
        keys[here] = rng.random(int(bases.sum()))
        permuted[laid.known] = np.take_along_axis(ordered, keys.argsort(axis=1), axis=1)[here]
        yield window_sums(permuted, width)[laid.counting]
