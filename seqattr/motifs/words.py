"""Starts at which a motif reaches a threshold, looked up by the words that could be part of such a match.

The words of a few bases that sequences hold are sorted once. Of a motif's most telling columns only those
words count that reach the threshold if all other columns are at their best; so next to none of the starts are
scored. Each is scored exactly, as the weights may be added up in any order (`exact` in `scan`).
"""

from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from seqattr.dna.alphabet import UNKNOWN
from seqattr.support.compiled import compiled

LONGEST = 8  # bases of a word


class Starts(NamedTuple):
    """Where a motif reaches a threshold: sequences, starts and scores (K,)."""

    sequence: npt.NDArray[np.int64]
    start: npt.NDArray[np.int64]
    score: npt.NDArray[np.float32]


class Words:
    """The words in sequences of codes (N, L), of as many bases as there are enough sequences for."""

    def __init__(self, codes: npt.NDArray[np.uint8]) -> None:
        self.size = codes.size
        # With an N behind each sequence a start is known to run over the end by its bases alone.
        self.codes = np.pad(codes, [(0, 0), (0, 1)], constant_values=UNKNOWN)
        self._sorted: dict[int, tuple[npt.NDArray[np.int64], npt.NDArray[Any]]] = {}

    @cached_property
    def longest(self) -> int:
        """Bases of words that are as many as there are starts, at most."""
        return int(np.clip(np.log2(max(self.size, 4)) // 2, 1, LONGEST))

    def by_word(self, size: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[Any]]:
        """Where each word of this size begins among the positions, and these (in all codes, one by one)."""
        if size not in self._sorted:
            words = np.empty(self.codes.shape, np.int32)
            counts = np.zeros(4**size + 1, np.int64)
            _read_words(self.codes, size, words, counts)
            begins = counts.cumsum()
            small = self.codes.size < 2**31
            positions: npt.NDArray[Any] = np.empty(int(begins[-1]), np.int32 if small else np.int64)
            _sort_words(words.ravel(), begins[:-1].copy(), positions)
            self._sorted[size] = begins, positions
        return self._sorted[size]

    def reaching(self, weights: npt.NDArray[np.float32], threshold: float) -> Starts:
        """The starts of known bases at which weights (w, 4) sum to the threshold or more, in any order."""
        size = min(self.longest, len(weights))
        first = most_telling(weights, size)
        begins, positions = self.by_word(size)
        others = others_first(weights, first, size)
        best = weights[others].max(axis=1)[::-1].cumsum(dtype=np.float32)[::-1]  # of it and those behind it
        rest = np.append(best, np.float32(0))
        wanted, scores = words_reaching(weights[first : first + size], threshold - np.float64(rest[0]))
        candidates = int((begins[wanted + 1] - begins[wanted]).sum())
        at, score = np.empty(candidates, np.int64), np.empty(candidates, np.float32)
        motif = weights, first, others, rest, threshold
        count = _score((self.codes.ravel(), begins, positions), wanted, scores, motif, at, score)
        sequence, start = np.divmod(at[:count], self.codes.shape[1])
        return Starts(sequence, start, score[:count].copy())  # a part of it would keep all candidates' alive


def most_telling(weights: npt.NDArray[np.float32], size: int) -> int:
    """The first of so many columns in a row whose weights (w, 4) differ the most."""
    spread = weights.max(axis=1).astype(np.float64) - weights.mean(axis=1)
    sums = np.convolve(spread, np.ones(size), "valid")
    return int(sums.argmax())


def others_first(weights: npt.NDArray[np.float32], first: int, size: int) -> npt.NDArray[np.intp]:
    """The columns outside of the word's, those first whose weights (w, 4) differ the most."""
    others = np.delete(np.arange(len(weights)), np.s_[first : first + size])
    return others[np.argsort(-np.ptp(weights[others], axis=1), kind="stable")]


def words_reaching(
    weights: npt.NDArray[np.float32], threshold: float
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """The words whose weights (size, 4) sum to the threshold or more, in order, and these sums.

    Of a word's number the first base is the most significant digit.
    """
    size = len(weights)
    best = np.append(weights[1:].max(axis=1)[::-1].cumsum(dtype=np.float32)[::-1], np.float32(0))
    words, scores = np.empty(4**size, np.int32), np.empty(4**size, np.float32)
    count = _reach(weights, best.astype(np.float64), threshold, words, scores)
    return words[:count], scores[:count]


@compiled
def _reach(weights: Any, best: Any, threshold: Any, words: Any, scores: Any) -> Any:
    """Fills in words base by base, as far as the `best` of later bases may reach the threshold; how many."""
    size, count = len(weights), 0
    upto = np.zeros(size + 1, np.float32)
    number = np.zeros(size + 1, np.int64)
    base = np.zeros(size, np.int64)
    depth = 0
    while depth >= 0:
        code = base[depth]
        if code == 4:
            base[depth] = 0
            depth -= 1
            continue
        base[depth] += 1
        total = upto[depth] + weights[depth, code]
        if total + best[depth] < threshold:
            continue
        word = number[depth] * 4 + code
        if depth == size - 1:
            words[count], scores[count] = word, total
            count += 1
        else:
            depth += 1
            upto[depth], number[depth] = total, word
    return count


@compiled
def _read_words(codes: Any, size: Any, words: Any, counts: Any) -> None:
    """The number of the word at each position, -1 for none, and how often each occurs, one place on."""
    last = 4**size
    for n in range(codes.shape[0]):
        length = codes.shape[1]
        word, known = 0, 0
        for end in range(length):
            code = codes[n, end]
            word = (word * 4 + code) % last
            known = 0 if code == UNKNOWN else known + 1
            if code == UNKNOWN:
                word = 0
            start = end - size + 1
            if start >= 0:
                words[n, start] = word if known >= size else -1
                if known >= size:
                    counts[word + 1] += 1
        for start in range(max(0, length - size + 1), length):
            words[n, start] = -1


@compiled
def _sort_words(words: Any, next_of: Any, positions: Any) -> None:
    """The positions word by word; `next_of` is where each word's next one goes."""
    for position in range(len(words)):
        word = words[position]
        if word >= 0:
            positions[next_of[word]] = position
            next_of[word] += 1


@compiled
def _score(sequences: Any, wanted: Any, scores: Any, motif: Any, at: Any, score: Any) -> Any:
    """Fills in where starts reach the threshold, and their scores; returns how many do."""
    flat, begins, positions = sequences
    weights, first, others, rest, threshold = motif
    last, count = len(flat) - weights.shape[0], 0
    for number in range(len(wanted)):
        word = wanted[number]
        for index in range(begins[word], begins[word + 1]):
            start, total = positions[index] - first, scores[number]
            if start < 0 or start > last:
                continue
            for i in range(len(others)):
                code = flat[start + others[i]]
                if code == UNKNOWN or total + rest[i] < threshold:
                    total = -np.float32(np.inf)
                    break
                total += weights[others[i], code]
            if total >= threshold and total > -np.inf:
                at[count], score[count] = start, total
                count += 1
    return count
