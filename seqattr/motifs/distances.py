"""How far apart the hits of two motifs lie in a sequence, beside those of hits in different sequences."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

LEAST_PAIRS = 50  # of hits in one sequence, below which nothing is to be seen
LEAST_SEQUENCES = 20  # that hold both
DRAWS = 500
MOST_SEQUENCES = 5000  # that hold both, of which so many are drawn at random
PER_BIN = 8  # pairs by chance that a bin should hold, in the mean
BIN_WIDTHS = (2, 5, 10, 20, 50)  # bp
FARTHEST = 200  # bp
INSIDE = (0.025, 0.975)  # quantiles of the draws, between which is the band


class Spots(NamedTuple):
    """Hits of one motif, or group: the row of each (n,), in ascending order, its middle there (n,) in bases,
    and how wide the narrowest is."""

    name: str
    row: npt.NDArray[np.integer]
    middle: npt.NDArray[np.floating]
    width: int


@dataclass(frozen=True, eq=False)
class PairDistances:
    """Pairs of hits of two motifs in one sequence, by the distance between their middles, in B bins of bp.

    `expected` is the mean of draws in which each sequence's hits of the one meet another's of the other, and
    `low` and `high` have 95 % of them between them. Bins below `clear`, in which hits would overlap, take no
    part in the p-value.
    """

    names: tuple[str, str]
    pairs: int
    edges: npt.NDArray[np.integer]  # (B + 1,)
    observed: npt.NDArray[np.integer]  # (B,)
    expected: npt.NDArray[np.floating]
    low: npt.NDArray[np.floating]
    high: npt.NDArray[np.floating]
    clear: int
    peak: int  # the bin that holds most beyond what is expected
    p_value: float  # how often a draw holds as much beyond it in any bin

    @property
    def peak_bases(self) -> tuple[int, int]:
        """The distances [first, end) of the peak."""
        return int(self.edges[self.peak]), int(self.edges[self.peak + 1])


def pair_distances(one: Spots, other: Spots, length: int, seed: int = 0) -> PairDistances | None:
    """The distances of two motifs' hits in sequences of `length` bases; None where there are too few pairs.

    The hits of one motif are paired with each other. What is expected is scaled to as many pairs as there are
    from `clear` on.
    """
    rng = np.random.default_rng(seed)
    rows = np.intersect1d(one.row, other.row)
    if len(rows) > MOST_SEQUENCES:
        rows = np.sort(rng.choice(rows, MOST_SEQUENCES, replace=False))
    farthest = min(FARTHEST, length)
    observed = distances(one, other, rows, rows)
    observed = observed[observed < farthest]
    if len(rows) < LEAST_SEQUENCES or len(observed) < LEAST_PAIRS:
        return None
    wanted = PER_BIN * farthest / len(observed)
    width = next((width for width in BIN_WIDTHS if width >= wanted), BIN_WIDTHS[-1])
    edges = np.arange(0, farthest + width, width)
    clear = min(-(-(one.width + other.width) // (2 * width)), len(edges) - 2)
    counts = np.histogram(observed, edges)[0]
    drawn = np.stack([_draw(one, other, rows, edges, rng) for _ in range(DRAWS)])
    if one is other:
        drawn = _thinned(drawn, counts, clear, rng)
    drawn = drawn * counts[clear:].sum() / np.maximum(drawn[:, clear:].sum(axis=1, keepdims=True), 1)
    peak, p_value = _peak(counts[clear:], drawn[:, clear:])
    low, high = np.quantile(drawn, INSIDE, axis=0)
    return PairDistances(
        names=(one.name, other.name),
        pairs=len(observed),
        edges=edges,
        observed=counts,
        expected=drawn.mean(axis=0),
        low=low,
        high=high,
        clear=clear * width,
        peak=clear + peak,
        p_value=p_value,
    )


def distances(
    one: Spots, other: Spots, rows: npt.NDArray[np.integer], partners: npt.NDArray[np.integer]
) -> npt.NDArray[np.floating]:
    """The distances (n,) between each hit of `one` in rows (R,) and each of `other` in their partners (R,).

    In one and the same row a motif's hits meet each other once, and not themselves.
    """
    first = np.flatnonzero(np.isin(one.row, rows))
    across = partners[np.searchsorted(rows, one.row[first])]
    begin, end = (np.searchsorted(other.row, across, side=side) for side in ("left", "right"))
    count = end - begin
    left = np.repeat(first, count)
    right = np.arange(count.sum()) - np.repeat(count.cumsum() - count, count) + np.repeat(begin, count)
    if one is other and np.array_equal(rows, partners):
        left, right = left[left < right], right[left < right]
    apart: npt.NDArray[np.floating] = abs(one.middle[left] - other.middle[right])
    return apart


def _draw(
    one: Spots,
    other: Spots,
    rows: npt.NDArray[np.integer],
    edges: npt.NDArray[np.integer],
    rng: np.random.Generator,
) -> npt.NDArray[np.integer]:
    """How many distances (B,) there are when each row meets another one."""
    order = rng.permutation(len(rows))
    partners = np.empty_like(rows)
    partners[order] = rows[np.roll(order, 1)]
    return np.histogram(distances(one, other, rows, partners), edges)[0]


def _thinned(
    drawn: npt.NDArray[np.integer], observed: npt.NDArray[np.integer], clear: int, rng: np.random.Generator
) -> npt.NDArray[np.integer]:
    """Of each draw (D, B) as many pairs as there are observed (B,) from `clear` on.

    A row's hits of one motif meet each other once, but all of another row's: more pairs spread less.
    """
    total = np.maximum(drawn.sum(axis=1, keepdims=True), 1)
    kept = observed[clear:].sum() * total[:, 0] / np.maximum(drawn[:, clear:].sum(axis=1), 1)
    return rng.multinomial(kept.round().astype(int), drawn / total)


def _peak(observed: npt.NDArray[np.integer], drawn: npt.NDArray[np.floating]) -> tuple[int, float]:
    """The bin that holds most beyond what is expected, in standard deviations, and how often a draw (D, B)
    holds as much beyond it in any."""
    mean = drawn.mean(axis=0)
    spread = np.sqrt(np.maximum(drawn.var(axis=0), mean) + 1)
    beyond = (observed - mean) / spread
    most = ((drawn - mean) / spread).max(axis=1)
    return int(beyond.argmax()), float((1 + (most >= beyond.max()).sum()) / (1 + len(drawn)))
