"""Seqlets: stretches of high contribution, those that no match explains, and the motifs nearest to them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike

from seqattr.errors import InputError, UnknownName
from seqattr.loci import Loci
from seqattr.matches import Matches, read_backwards
from seqattr.motifs import PWM, top_matches
from seqattr.references import BACKGROUND

WINDOW = 12  # bases: about a motif
FALSE_DISCOVERIES = 0.05

# At least so many windows of permuted contributions set the threshold.
_NULL_WINDOWS = 100_000

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
    counting = _counting(known, width, loci)
    rows = np.flatnonzero(counting.any(axis=1))
    laid = _laid(contributions[rows], known[rows], counting[rows])
    sums = _window_sums(laid.values, width)
    threshold = _threshold(abs(sums[laid.counting]), _null(laid, width, seed), level)
    reaching = np.where(laid.counting & (abs(sums) >= threshold), abs(sums), -np.inf)
    found = top_matches(reaching, -(-max(sums.shape[1], 1) // width), 2 * width - 2)
    found = found[np.argsort(-found["log_odds"], kind="stable")]
    row, start = found["sequence"], found["start"]
    seqlets = Seqlets(width, threshold, rows[row], laid.start_as_given(row, start, width), sums[row, start])
    if loci is None:
        return seqlets
    return seqlets.select(np.fromiter(loci.apart(seqlets.sequence, seqlets.start, width), np.intp))


def _counting(known: np.ndarray, width: int, loci: Loci | None) -> np.ndarray:
    """Which windows (N, L - width + 1) are bases throughout, and count in their row."""
    unknown = np.pad((~known).cumsum(axis=1), [(0, 0), (1, 0)])
    whole = unknown[:, width:] == unknown[:, :-width]
    if loci is None:
        return whole
    begin, end = loci.own(width).T[:, :, None]
    start = np.arange(whole.shape[1])
    return whole & (begin <= start) & (start < end)


class _Laid(NamedTuple):
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


def _laid(contributions: np.ndarray, known: np.ndarray, counting: np.ndarray) -> _Laid:
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
    return _Laid(
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


def _window_sums(values: np.ndarray, width: int) -> np.ndarray:
    upto = np.pad(values.cumsum(axis=1), [(0, 0), (1, 0)])
    return upto[:, width:] - upto[:, :-width]


def _null(laid: _Laid, width: int, seed: int) -> np.ndarray:
    """(n, K) absolute sums of the windows that count, the values of each row's bases permuted.

    They are sorted before, so that the strand is no matter, and drawn base by base, so that padding is none.
    """
    rng = np.random.default_rng(seed)
    windows = int(laid.counting.sum())
    bases = laid.known.sum(axis=1)
    here = np.arange(laid.known.shape[1]) < bases[:, None]
    ordered = np.sort(np.where(laid.known, laid.values, np.inf), axis=1)
    null = np.empty((max(1, -(-_NULL_WINDOWS // max(1, windows))), windows))
    for each in null:
        keys, permuted = np.full(laid.known.shape, np.inf), np.zeros(laid.known.shape)
        keys[here] = rng.random(int(bases.sum()))
        permuted[laid.known] = np.take_along_axis(ordered, keys.argsort(axis=1), axis=1)[here]
        each[:] = abs(_window_sums(permuted, width))[laid.counting]
    return null


def _threshold(sums: np.ndarray, null: np.ndarray, level: float) -> float:
    """The least of the sums (K,) at which the false discovery rate is at most `level`."""
    seen = np.sort(sums)[::-1]
    by_chance = null.size - np.searchsorted(np.sort(null, axis=None), seen, side="left")
    rate = (by_chance + 1) / len(null) / np.arange(1, len(seen) + 1)
    good = np.flatnonzero((rate <= level) & (seen > 0))
    return float(seen[good[-1]]) if len(good) else np.inf


def unexplained(seqlets: Seqlets, matches: Matches, target: str) -> np.ndarray:
    """Which seqlets (S,) no match explains.

    A match does if it covers half of the seqlet, or lies half in it, and its share of the target's
    contributions has the sign of the seqlet's. Give only matches that may explain something: in a large
    collection there is always a motif that matches a little. Raises UnknownName for a target that the
    matches were not measured for.
    """
    if target not in matches.targets:
        raise UnknownName("target", target, matches.targets)
    share, end = matches.targets[target].share, matches.end
    bounds = np.searchsorted(matches.sequence, [seqlets.sequence, seqlets.sequence + 1])
    left = np.ones(len(seqlets), bool)
    for number, (first, last) in enumerate(bounds.T):
        own = slice(first, last)
        common = np.minimum(end[own], seqlets.end[number]) - np.maximum(
            matches.start[own], seqlets.start[number]
        )
        shorter = np.minimum(end[own] - matches.start[own], seqlets.width)
        same_sign = share[own] * np.sign(seqlets.importance[number]) > 0
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
                    place = int(offset) - pwm.width + 1
                    best[number] = Nearest(pwm.name, strand, place, float(values[number, offset]), np.nan)
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
    found = tomtom(queries, [pwm.probabilities for pwm in motifs], n_nearest=1)
    p_values, _, offsets, _, strands, numbers = (column[:, 0] for column in found)
    return [
        Nearest(motifs[int(number)].name, "-" if strand else "+", -int(offset), np.nan, float(p_value))
        for number, strand, offset, p_value in zip(numbers, strands, offsets, p_values, strict=True)
    ]


# centred hypothetical contributions (S, 4, w), motifs, background -> the nearest to each
NEAREST: dict[str, Callable[[np.ndarray, Sequence[PWM], np.ndarray], list[Nearest]]] = {
    "tomtom": _by_tomtom,
    "correlation": _by_correlation,
}
