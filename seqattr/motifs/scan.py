"""Finding the matches of any number of motifs in sequences.

Each sequence is scanned as the lesser of itself and its reverse complement, so that ties are settled alike
for both, and reverse complementing all sequences mirrors the matches.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike

from seqattr.dna.alphabet import UNKNOWN, codes_of, one_hot, reverse_complement_codes
from seqattr.dna.frequencies import background_of, measured_background
from seqattr.errors import InputError, UnknownName
from seqattr.motifs.matches import COLUMNS, Matches, concatenate_matches, prefers_other_strand, sort_matches
from seqattr.motifs.peaks import highest_peaks
from seqattr.motifs.pwm import PWM, score_threshold
from seqattr.motifs.windows import whole_windows
from seqattr.motifs.words import Words
from seqattr.support.compiled import AVAILABLE

STRANDS = ("both", "forward", "reverse")

# So many scores are held at once: few enough to stay near the processor.
_SCORES_AT_ONCE = 2**20


@dataclass(frozen=True)
class Pick:
    """Which matches are kept.

    The `top` of each motif and sequence (a start counts once, on its better strand, and none is within half a
    motif of a better one), or with None every start and strand; of these, the ones that reach `log_odds` and
    `p_value`. Raises InputError for what cannot be meant.
    """

    top: int | None = 5
    log_odds: float | None = None
    p_value: float | None = None
    strand: str = "both"

    def __post_init__(self) -> None:
        if self.strand not in STRANDS:
            raise UnknownName("strand", self.strand, STRANDS)
        if self.top is not None and self.top < 1:
            raise InputError(f"at least 1 match per motif and sequence must be kept, not {self.top}")
        if self.top is None and self.log_odds is None and self.p_value is None:
            raise InputError("keep the top matches, or those above a log-odds or below a p-value")

    def threshold(self, pwm: PWM, background: np.ndarray) -> float:
        """The log-odds that a match of this motif must reach."""
        lowest = -np.inf if self.log_odds is None else self.log_odds
        return max(
            lowest, -np.inf if self.p_value is None else score_threshold(pwm, self.p_value, background)
        )


def find_matches(
    sequences: ArrayLike,
    motifs: Iterable[PWM],
    pick: Pick = Pick(),
    background: ArrayLike | None = None,
    minus: np.ndarray | None = None,
) -> Matches:
    """The matches of any number of motifs in one-hot sequences (N, 4, L), at starts with a base throughout.

    Log-odds are natural and relative to the background frequencies, or to those measured in the sequences;
    they are rounded, by 1e-5 in most and 1e-3 in the widest motifs (see `_exact`). A motif wider than the
    sequences has no match; one of one strand is looked for on the forward strand alone. For the sequences
    that are `minus` (N,) the forward strand is the other one than that given. Raises InputError for sequences
    that are not one-hot.
    """
    codes = codes_of(np.asarray(sequences))
    frequencies = (
        measured_background(on_strand(codes, minus), pick.strand)
        if background is None
        else background_of(np.asarray(background))
    )
    return Scanner.of(tuple(motifs), pick, frequencies, codes.shape[1]).find(codes, minus)


class Scanner(NamedTuple):
    """Motifs made ready to be found in sequences of one length that come a block at a time."""

    empty: Matches
    parts: list[tuple[str, list[tuple[np.ndarray, "_Group"]]]]  # strand, and groups by their motifs' numbers

    @classmethod
    def of(cls, motifs: Sequence[PWM], pick: Pick, background: np.ndarray, length: int) -> "Scanner":
        """For matches as `find_matches` has them."""
        empty = Matches(tuple(motifs), background, *_no_matches())
        single = np.array([pwm.one_strand for pwm in motifs], bool) & (pick.strand == "both")
        kinds = [(pick, ~single), (replace(pick, strand="forward"), single)]
        return cls(
            empty,
            [
                (choice.strand, list(_groups(motifs, np.flatnonzero(mask), choice, background, length)))
                for choice, mask in kinds
                if mask.any()
            ],
        )

    def find(self, codes: np.ndarray, minus: np.ndarray | None = None) -> Matches:
        """The matches in codes (B, L), rows counted from the first of them."""
        minus = np.zeros(len(codes), bool) if minus is None else minus
        parts = [self._find_on(codes, strand, groups, minus) for strand, groups in self.parts]
        return parts[0] if len(parts) == 1 else concatenate_matches([self.empty, *parts])

    def _find_on(
        self, codes: np.ndarray, strand: str, groups: Sequence[tuple[np.ndarray, "_Group"]], minus: np.ndarray
    ) -> Matches:
        codes, backwards = _orient(codes, strand, minus)
        words, parts = Words(codes), [_no_matches()]
        for numbers, group in groups:
            for first, columns in group.find(codes, words):
                parts.append(
                    columns._replace(sequence=columns.sequence + first, motif=numbers[columns.motif]).narrow()
                )
        columns = _Columns(*map(np.concatenate, zip(*parts, strict=True)))
        return _as_given(replace(self.empty, **columns._asdict()), backwards, codes.shape[1])


def on_strand(codes: np.ndarray, minus: np.ndarray | None) -> np.ndarray:
    """Codes (N, L), those of the rows that are `minus` (N,) as their reverse complement."""
    return codes if minus is None else np.where(minus[:, None], reverse_complement_codes(codes), codes)


def _groups(
    motifs: Sequence[PWM], some: np.ndarray, pick: Pick, background: np.ndarray, length: int
) -> Iterator[tuple[np.ndarray, "_Group"]]:
    """Some of the motifs, those of one width together, not too many at once for one sequence of this length.

    With their numbers; those that are wider than the sequences are left out.
    """
    widths = np.array([motifs[number].width for number in some], int)
    for width in np.unique(widths[widths <= length]).tolist():
        numbers = some[widths == width]
        at_once = max(1, _SCORES_AT_ONCE // (2 * (length - width + 1)))
        for part in np.split(numbers, range(at_once, len(numbers), at_once)):
            yield part, _Group.of([motifs[number] for number in part], pick, background)


def _as_given(matches: Matches, backwards: np.ndarray, length: int) -> Matches:
    """Matches where they lie in the sequences as they were given, in order."""
    turned = backwards[matches.sequence]
    start = np.where(turned, length - matches.end, matches.start)
    strand = np.where(turned, -matches.strand, matches.strand)
    return sort_matches(replace(matches, start=start, strand=strand))


class _Columns(NamedTuple):
    """Columns of Matches as they are found."""

    sequence: np.ndarray
    start: np.ndarray
    motif: np.ndarray
    strand: np.ndarray
    log_odds: np.ndarray

    def narrow(self) -> "_Columns":
        """Each column in the type that Matches has."""
        return _Columns(*(column.astype(kind) for column, kind in zip(self, COLUMNS.values(), strict=True)))


def _no_matches() -> _Columns:
    return _Columns(*(np.empty(0) for _ in COLUMNS)).narrow()


def _orient(codes: np.ndarray, strand: str, minus: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Codes (N, L) the way each sequence is scanned, and whether (N,) that is backwards.

    The reverse strand alone is the forward strand of the reverse complement; of both strands the lesser text
    goes first, padding apart.
    """
    other = reverse_complement_codes(codes)
    if strand == "both":
        backwards = prefers_other_strand(_from_first_base(codes), _from_first_base(other))
    else:
        backwards = minus != (strand == "reverse")
    return np.where(backwards[:, None], other, codes), backwards


def _from_first_base(codes: np.ndarray) -> np.ndarray:
    """Codes (N, L) with what lies before the first base behind the last."""
    first = (codes != UNKNOWN).argmax(axis=1)
    if not first.any():
        return codes
    column = (np.arange(codes.shape[1]) + first[:, None]) % codes.shape[1]
    return np.take_along_axis(codes, column, axis=1)


class _Group(NamedTuple):
    """Motifs of one width, as the matrix that scores them all at once."""

    weights: np.ndarray  # (M or 2 M, 4 w): the log-odds of the motifs, then of their reverse complements
    thresholds: np.ndarray  # (M,)
    width: int
    top: int | None

    @classmethod
    def of(cls, motifs: Sequence[PWM], pick: Pick, background: np.ndarray) -> "_Group":
        odds = _exact(np.stack([pwm.log_odds(background) for pwm in motifs]))
        strands = [odds, odds[:, ::-1, ::-1]] if pick.strand == "both" else [odds]
        weights = np.concatenate(strands).transpose(0, 2, 1).reshape(-1, 4 * odds.shape[2])
        thresholds = np.array([pick.threshold(pwm, background) for pwm in motifs])
        return cls(weights, thresholds, odds.shape[2], pick.top)

    def find(self, codes: np.ndarray, words: Words) -> Iterator[tuple[int, _Columns]]:
        """The matches of codes with these words, part by part, each with the number of its first sequence."""
        if self.top is None and AVAILABLE:
            yield 0, self._by_word(words)
        else:
            yield from self.scan(codes)

    def _by_word(self, words: Words) -> _Columns:
        """Every start that is good enough, motif by motif."""
        strands, parts = self.weights.reshape(-1, len(self.thresholds), self.width, 4), [_no_matches()]
        for number, threshold in enumerate(self.thresholds.tolist()):
            for strand, sign in zip(strands, (1, -1), strict=False):
                hits = words.reaching(strand[number], threshold)
                alike = np.ones(len(hits.start), int)
                found = _Columns(hits.sequence, hits.start, alike * number, alike * sign, hits.score)
                parts.append(found.narrow())
        return _Columns(*map(np.concatenate, zip(*parts, strict=True)))

    def scan(self, codes: np.ndarray) -> Iterator[tuple[int, _Columns]]:
        """The matches block by block, each with the number of its first sequence, all starts scored."""
        starts = codes.shape[1] - self.width + 1
        step = max(1, _SCORES_AT_ONCE // (len(self.weights) * starts))
        for first in range(0, len(codes), step):
            some = codes[first : first + step]
            scores = self.weights @ _windows(some, self.width).T
            scores = scores.reshape(-1, len(self.thresholds), len(some), starts)
            scores[:, :, ~whole_windows(some != UNKNOWN, self.width)] = -np.inf
            yield first, (self._all if self.top is None else self._top)(scores)

    def _all(self, scores: np.ndarray) -> _Columns:
        """Every start that is good enough, of scores (strands, M, n, P)."""
        kept = np.flatnonzero((scores >= self.thresholds[:, None, None]) & (scores > -np.inf))
        strand, motif, sequence, start = np.unravel_index(kept, scores.shape)
        return _Columns(sequence, start, motif, 1 - 2 * strand, scores.reshape(-1)[kept])

    def _top(self, scores: np.ndarray) -> _Columns:
        """The best starts of each motif and sequence, each on its better strand."""
        count, starts = scores.shape[2:]
        best = np.maximum(scores[0], scores[-1])
        peaks = highest_peaks(best.reshape(-1, starts), self.top or starts, self.width // 2)
        motif, sequence = np.divmod(peaks.row, count)
        good = peaks.value >= self.thresholds[motif]
        motif, sequence, start, log_odds = (
            column[good] for column in (motif, sequence, peaks.column, peaks.value)
        )
        forward = scores[0, motif, sequence, start] == log_odds
        return _Columns(sequence, start, motif, 2 * forward - 1, log_odds)


def _windows(codes: np.ndarray, width: int) -> np.ndarray:
    """One-hot windows (N * P, 4 w), each position's four channels together."""
    flat = np.ascontiguousarray(one_hot(codes).transpose(0, 2, 1), np.float32).reshape(len(codes), -1)
    return sliding_window_view(flat, 4 * width, axis=1)[:, ::4].reshape(-1, 4 * width)


def _exact(odds: np.ndarray) -> np.ndarray:
    """Log-odds (M, 4, w) to the nearest multiple of a power of 2 that float32 adds without rounding.

    So a score depends neither on the order in which it is added up, nor on what is scanned with it.
    """
    largest = abs(odds).max(axis=1).sum(axis=1) + 1
    grid = 2.0 ** (np.ceil(np.log2(largest)) - 24)[:, None, None]
    return (np.rint(odds / grid) * grid).astype(np.float32)
