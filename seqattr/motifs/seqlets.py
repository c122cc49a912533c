"""Seqlets: stretches of high contribution, those that no match explains, and the motifs nearest to them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike

from seqattr.dna.frequencies import BACKGROUND
from seqattr.dna.loci import Loci
from seqattr.errors import InputError, UnknownName
from seqattr.motifs.false_discovery import Bracket, Histogram, bracket_threshold, exact_threshold
from seqattr.motifs.matches import Matches
from seqattr.motifs.peaks import highest_peaks
from seqattr.motifs.pwm import PWM
from seqattr.motifs.windows import (
    OrientedRows,
    WindowCounts,
    count_windows,
    orient_rows,
    permuted_sums,
    window_mask,
    window_sums,
)

WINDOW = 12  # bases: about a motif
FALSE_DISCOVERIES = 0.05

# With fewer motifs TOMTOM itself warns of its p-values.
_ENOUGH = 25

# The log-odds that a seqlet's strongest preference stands for where a matrix of probabilities is needed.
_STRONGEST = 4.0


@dataclass(frozen=True, eq=False)
class Seqlets:
    """S stretches [start, start + width) of sequences, those of the largest |importance| first."""

    width: int
    threshold: float  # the least |importance| that counts; infinite where none does
    sequence: np.ndarray  # (S,) int64
    start: np.ndarray  # (S,) int64
    importance: np.ndarray  # (S,) float64, the sum of contributions

    def __len__(self) -> int:
        return len(self.sequence)

    @property
    def end(self) -> np.ndarray:
        """(S,) behind the last base."""
        return self.start + self.width

    def select(self, which: np.ndarray) -> "Seqlets":
        """The seqlets of a mask or of some indices."""
        columns = {name: getattr(self, name)[which] for name in ("sequence", "start", "importance")}
        return replace(self, **columns)

    def cut(self, values: np.ndarray) -> np.ndarray:
        """What values (N, ..., L) are in the seqlets: (S, ..., width)."""
        windows = sliding_window_view(values, self.width, axis=-1)
        return np.moveaxis(windows, -2, 1)[self.sequence, self.start]


# ---- finding


def find_seqlets(
    contributions: np.ndarray,
    width: int = WINDOW,
    level: float = FALSE_DISCOVERIES,
    seed: int = 0,
    known: np.ndarray | None = None,
    loci: Loci | None = None,
) -> Seqlets:
    """The windows in which contributions (N, L) sum to more, above or below 0, than chance would have it.

    Chance is the same contributions with each sequence's positions permuted: equally large, but no longer
    together. The threshold is the least at which the windows that reach it under chance are a share of at
    most `level` of those that reach it in fact (the false discovery rate). Seqlets are taken from the largest
    on and do not overlap. What is not `known` (N, L) as a base takes no part, and a window that several
    sequences hold, as `loci` say, counts in one of them. Raises InputError where a window does not fit the
    sequences.
    """
    if not 1 <= width <= contributions.shape[1]:
        raise InputError(f"seqlets of {width} bases do not fit sequences of {contributions.shape[1]}")
    known = np.ones(contributions.shape, bool) if known is None else known
    starts = None if loci is None else loci.counting_starts(width)
    search = Search(count_windows([known], width, starts), starts, width, level, seed)
    search.tally(contributions, known)
    if search.settle():
        search.collect(contributions, known)
    return search.seqlets(loci)


class Search:
    """What `find_seqlets` does, a block of rows at a time, in two passes over the same blocks.

    `counts` are those of the windows of all rows, and `starts` (N, 2) those in each row that count. All
    blocks go to `tally`; then, where `settle` says so, again to `collect`.
    """

    def __init__(
        self,
        counts: WindowCounts,
        starts: np.ndarray | None,
        width: int = WINDOW,
        level: float = FALSE_DISCOVERIES,
        seed: int = 0,
    ) -> None:
        self.counts, self.starts, self.width, self.level, self.seed = counts, starts, width, level, seed
        self._row, self._generators = 0, counts.generators(seed)
        self._seen, self._chance = Histogram(), Histogram()
        self._bracket: Bracket | None = None
        self._kept = [(np.empty(0), np.empty(0))]  # of those in between, what was seen and what is chance
        self._windows = [_Columns(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))]

    def tally(self, contributions: np.ndarray, known: np.ndarray) -> None:
        """The first pass, over contributions (B, L) and what of them is known as a base."""
        _, oriented = self._next_rows(contributions, known)
        self._seen.add(abs(window_sums(oriented.values, self.width)[oriented.counting]))
        for sums in permuted_sums(oriented, self.width, self._generators):
            self._chance.add(abs(sums))

    def settle(self) -> bool:
        """Whether any window may be large enough, as all blocks together say."""
        self._row, self._generators = 0, self.counts.generators(self.seed)
        self._bracket = bracket_threshold(self._seen, self._chance, self.counts.rounds, self.level)
        return self._bracket is not None

    def collect(self, contributions: np.ndarray, known: np.ndarray) -> None:
        """The second pass: what the threshold hangs on, and the windows that may reach it."""
        if self._bracket is None:
            return
        rows, oriented = self._next_rows(contributions, known)
        sums = window_sums(oriented.values, self.width)
        null = permuted_sums(oriented, self.width, self._generators if self._bracket.chance_within else ())
        chance = [self._bracket.within(abs(sums_by_chance)) for sums_by_chance in null]
        self._kept.append((self._bracket.within(abs(sums[oriented.counting])), np.concatenate([[], *chance])))
        large = oriented.counting & (abs(sums) >= self._bracket.low)
        self._windows.append(disjoint_windows(rows, oriented, np.where(large, sums, 0), self.width))

    def seqlets(self, loci: Loci | None = None) -> Seqlets:
        """The seqlets; of those in one place of the `loci` the largest."""
        windows = _Columns(*map(np.concatenate, zip(*self._windows, strict=True)))
        least = np.inf
        if self._bracket is not None:
            seen, chance = map(np.concatenate, zip(*self._kept, strict=True))
            least = exact_threshold(self._bracket, seen, chance, self.counts.rounds, self.level)
        order = np.argsort(-abs(windows.importance), kind="stable")
        order = order[abs(windows.importance[order]) >= least]
        seqlets = Seqlets(self.width, least, *(column[order] for column in windows))
        if loci is None:
            return seqlets
        return seqlets.select(np.fromiter(loci.apart(seqlets.sequence, seqlets.start, self.width), np.intp))

    def _next_rows(self, contributions: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, OrientedRows]:
        """The rows of the next block that have windows: their numbers, and how they are looked at."""
        block = slice(self._row, self._row + len(known))
        self._row = block.stop
        counting = window_mask(known, self.width, None if self.starts is None else self.starts[block])
        some = np.flatnonzero(counting.any(axis=1))
        return block.start + some, orient_rows(contributions[some], known[some], counting[some])


class _Columns(NamedTuple):
    """Columns of Seqlets."""

    sequence: np.ndarray
    start: np.ndarray
    importance: np.ndarray


def disjoint_windows(rows: np.ndarray, oriented: OrientedRows, sums: np.ndarray, width: int) -> _Columns:
    """Windows of each row from the largest sum (B, P) on that do not overlap, none of those that are 0."""
    some = np.flatnonzero(sums.any(axis=1))
    sizes = np.where(sums[some] != 0, abs(sums[some]), -np.inf)
    most = int((sums[some] != 0).sum(axis=1).max(initial=0))
    peaks = highest_peaks(sizes, min(most, -(-max(sums.shape[1], 1) // width)), width - 1)
    row, start = some[peaks.row], peaks.column
    return _Columns(rows[row], oriented.start_in_row(row, start, width), sums[row, start])


def without_match(seqlets: Seqlets, matches: Matches, importance: np.ndarray) -> np.ndarray:
    """Which seqlets (S,) no match explains, of matches that carry `importance` (K,).

    A match does if it covers half of the seqlet, or lies half in it, and its importance has the sign of the
    seqlet's. Give only matches that may explain something: in a large collection there is always a motif that
    matches a little.
    """
    end = matches.end
    bounds = np.searchsorted(matches.sequence, [seqlets.sequence, seqlets.sequence + 1])
    left = np.ones(len(seqlets), bool)
    for number, (first, last) in enumerate(bounds.T):
        row = slice(first, last)  # the matches in the seqlet's sequence
        begin, stop = matches.start[row], end[row]
        common = np.minimum(stop, seqlets.end[number]) - np.maximum(begin, seqlets.start[number])
        shorter = np.minimum(stop - begin, seqlets.width)
        same_sign = importance[row] * np.sign(seqlets.importance[number]) > 0
        left[number] = not (same_sign & (2 * common >= shorter)).any()
    return left


# ---- the nearest motifs


class Nearest(NamedTuple):
    """The motif that a seqlet resembles most; it starts `offset` bases after the seqlet's start."""

    motif: str
    strand: str
    offset: int
    correlation: float  # NaN under TOMTOM
    p_value: float  # NaN but under TOMTOM


def nearest_motifs(
    hypothetical: np.ndarray, motifs: Sequence[PWM], by: str = "auto", background: ArrayLike = BACKGROUND
) -> list[Nearest]:
    """The motif nearest to each of S seqlets, by their hypothetical contributions (S, 4, w).

    By "tomtom" (memelite) or by "correlation"; "auto" is TOMTOM where it is installed and there are enough
    motifs for its p-values, which it derives from them. Raises UnknownName for anything else, InputError
    where memelite is wanted but missing.
    """
    if by not in ("auto", *NEAREST):
        raise UnknownName("way to compare motifs", by, ("auto", *NEAREST))
    if not motifs or not len(hypothetical):
        return []
    if by == "auto":
        by = "tomtom" if len(motifs) >= _ENOUGH and find_spec("memelite") else "correlation"
    return NEAREST[by](
        hypothetical - hypothetical.mean(axis=1, keepdims=True), motifs, np.asarray(background)
    )


def _by_correlation(centred: np.ndarray, motifs: Sequence[PWM], background: np.ndarray) -> list[Nearest]:
    """The largest correlation over motifs, offsets and strands.

    A motif's log-odds are centred at each position too, and where one sticks out over the other there is 0:
    so a correlation of 1 needs all of both.
    """
    best = [Nearest("", "+", 0, -np.inf, np.nan)] * len(centred)
    for pwm in motifs:
        odds = pwm.log_odds(background)
        forward = odds - odds.mean(axis=0)
        for strand, motif in (("+", forward), ("-", forward[::-1, ::-1])):
            values = _correlations(centred, motif)
            for number, offset in enumerate(values.argmax(axis=1)):
                if values[number, offset] > best[number].correlation:
                    shift = int(offset) - pwm.width + 1
                    best[number] = Nearest(pwm.name, strand, shift, float(values[number, offset]), np.nan)
    return best


def _correlations(centred: np.ndarray, motif: np.ndarray) -> np.ndarray:
    """(S, w + v - 1) correlations of (S, 4, w) with a motif (4, v) at offsets from 1 - v on."""
    beyond = motif.shape[1] - 1
    padded = np.pad(centred, [(0, 0), (0, 0), (beyond, beyond)])
    dots = np.einsum("scpv,cv->sp", sliding_window_view(padded, motif.shape[1], axis=2), motif, optimize=True)
    norms = np.sqrt((centred**2).sum(axis=(1, 2)) * (motif**2).sum())
    return dots / np.where(norms > 0, norms, 1)[:, None]


def _by_tomtom(centred: np.ndarray, motifs: Sequence[PWM], background: np.ndarray) -> list[Nearest]:
    """The smallest p-value of TOMTOM (Gupta et al. 2007), each seqlet as probabilities.

    Its hypothetical contributions are taken for log-odds, scaled so that the largest is `_STRONGEST`.
    """
    try:
        from memelite import tomtom
    except ImportError as error:
        raise InputError("TOMTOM needs memelite, which is not installed; `pip install memelite`") from error
    largest = abs(centred).max(axis=(1, 2), keepdims=True)
    odds = np.exp(centred * _STRONGEST / np.where(largest > 0, largest, 1)) * background[:, None]
    queries = list(odds / odds.sum(axis=1, keepdims=True))
    nearest = tomtom(queries, [pwm.probabilities for pwm in motifs], n_nearest=1)
    p_values, _, offsets, _, strands, numbers = (column[:, 0] for column in nearest)
    return [
        Nearest(motifs[int(number)].name, "-" if strand else "+", -int(offset), np.nan, float(p_value))
        for number, strand, offset, p_value in zip(numbers, strands, offsets, p_values, strict=True)
    ]


# centred hypothetical contributions (S, 4, w), motifs, background -> the nearest to each
NEAREST: dict[str, Callable[[np.ndarray, Sequence[PWM], np.ndarray], list[Nearest]]] = {
    "tomtom": _by_tomtom,
    "correlation": _by_correlation,
}
