"""Hits that another program called: what contributions say of them, and where they agree with others."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from seqattr.dna.alphabet import reverse_complement_codes
from seqattr.motifs.hits import Explained, Hits
from seqattr.motifs.matches import Matches, importance_of, share_of
from seqattr.motifs.pwm import PWM

Block = tuple[slice, np.ndarray, np.ndarray]  # rows, their codes (B, L) and contributions (B, L)


class Calls(NamedTuple):
    """What a program says of H hits, in the order of its own; all are (H,)."""

    sequence: np.ndarray
    start: np.ndarray
    motif: np.ndarray  # which of the motifs
    strand: np.ndarray  # 1 or -1
    coefficient: np.ndarray
    similarity: np.ndarray


def called_hits(motifs: Sequence[PWM], background: np.ndarray, calls: Calls, blocks: Iterable[Block]) -> Hits:
    """The hits in order, with the importance, share and log-odds that all rows' contributions and bases give.

    What another program does not say, as p-values, is NaN.
    """
    order = np.lexsort((-calls.strand, calls.motif, calls.start, calls.sequence))
    ordered = Calls(*(values[order] for values in calls))
    matches = _as_matches(motifs, background, ordered)
    importance, share = np.zeros(len(order)), np.zeros(len(order))
    for rows, codes, values in blocks:
        first, end = np.searchsorted(matches.sequence, [rows.start, rows.stop])
        some = slice(int(first), int(end))
        inside = matches.select(some)
        inside = replace(inside, sequence=inside.sequence - rows.start)
        importance[some] = importance_of(inside, values, np.float64)
        share[some] = share_of(inside, importance[some], values)
        matches.log_odds[some] = _log_odds(inside, codes)
    unknown = np.full(len(order), np.nan)
    return Hits(
        matches,
        importance,
        share,
        ordered.coefficient,
        ordered.similarity,
        amount=unknown,
        positive=unknown,
        negative=unknown,
        counts=np.ones(len(order), bool),
        p_value=unknown,
        q_value=unknown,
        explained=Explained(*[np.nan] * 4),
        candidates=np.zeros((2, len(matches.motifs)), int),
    )


def _as_matches(motifs: Sequence[PWM], background: np.ndarray, calls: Calls) -> Matches:
    """What is called, whose log-odds are not known yet."""
    return Matches(
        tuple(motifs),
        background,
        calls.sequence.astype(np.int32),
        calls.start.astype(np.int32),
        calls.motif.astype(np.int32),
        calls.strand.astype(np.int8),
        np.zeros(len(calls.sequence), np.float32),
    )


def _log_odds(matches: Matches, codes: np.ndarray) -> np.ndarray:
    """Of the words under the matches in codes (B, L), read on their strands."""
    odds = np.zeros(len(matches))
    for pwm, some in matches.by_motif():
        row, start = matches.sequence[some], matches.start[some]
        words = codes[row[:, None], start[:, None] + np.arange(pwm.width)]
        read = np.where(matches.strand[some, None] < 0, reverse_complement_codes(words), words)
        odds[some] = pwm.score(read, matches.background) if len(some) else 0
    return odds


def found_by(hits: Matches, others: Matches, same_motif: bool = True) -> np.ndarray:
    """Which hits (K,) overlap one of the others by at least half of the narrower of the two.

    Of the same motif, or of any; the strand does not count.
    """
    order = np.lexsort((others.start, others.sequence))
    row, start, end, motif = (
        values[order].astype(np.int64) for values in (others.sequence, others.start, others.end, others.motif)
    )
    widest = int((end - start).max(initial=0))
    span = 1 + widest + int(max(hits.end.max(initial=0), end.max(initial=0)))
    keys = row * span + start
    begin = hits.sequence.astype(np.int64) * span + hits.start
    first = np.searchsorted(keys, begin - widest)
    last = np.searchsorted(keys, begin + (hits.end - hits.start))
    found = np.zeros(len(hits), bool)
    for step in range(int((last - first).max(initial=0))):
        some = np.flatnonzero(first + step < last)
        other = first[some] + step
        overlap = np.minimum(end[other], hits.end[some]) - np.maximum(start[other], hits.start[some])
        narrower = np.minimum(end[other] - start[other], hits.end[some] - hits.start[some])
        agree = (row[other] == hits.sequence[some]) & (2 * overlap >= narrower)
        found[some] |= agree & ((motif[other] == hits.motif[some]) | (not same_motif))
    return found
