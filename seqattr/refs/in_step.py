"""Shuffles in plain numpy, where no loops are compiled: a step at a time in all rows of runs of one length.

What is drawn of codes (N, L) and chance (N, R, L) is what `loops` draws, bit for bit.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np

from seqattr.dna.alphabet import UNKNOWN
from seqattr.refs.loops import TREES

# Codes (M, n) and chance (M, R, n) of M runs of the same length -> codes (M, R, n).
Permute = Callable[[np.ndarray, np.ndarray], np.ndarray]

BASES = np.arange(4)

# The key of an exit, from its highest bit down: the base that is left (2), whether for the last time (1), the
# base that follows (2). LEFT_OVER is greater than all of them: n bases have n - 1 exits.
LAST, FOLLOWS, LEFT_OVER = np.uint8(4), np.uint8(3), np.uint8(255)


def mononucleotide(codes: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """Each run of bases permuted: codes (N, R, L)."""
    return _run_by_run(codes, chance, _permute)


def dinucleotide(codes: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """Each run of bases walked anew: codes (N, R, L)."""
    return _run_by_run(codes, chance, _rewalk)


def _run_by_run(codes: np.ndarray, chance: np.ndarray, permute: Permute) -> np.ndarray:
    shuffled = np.repeat(codes[:, None], chance.shape[1], axis=1)
    for runs in _runs_of_equal_length(codes):
        drawn = permute(
            np.stack([codes[n, start:end] for n, start, end in runs]),
            np.stack([chance[n, :, start:end] for n, start, end in runs]),
        )
        for (n, start, end), rows in zip(runs, drawn, strict=True):
            shuffled[n, :, start:end] = rows
    return shuffled


def _runs_of_equal_length(codes: np.ndarray) -> Iterator[np.ndarray]:
    """Rows of (sequence, start, end), all runs of known bases of one length at a time."""
    edges = np.diff(np.pad(codes != UNKNOWN, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    sequence, start = np.nonzero(edges == 1)
    end = np.nonzero(edges == -1)[1]
    runs = np.stack([sequence, start, end], axis=1)
    for length in np.unique(end - start):
        yield runs[end - start == length]


def _permute(codes: np.ndarray, chance: np.ndarray) -> np.ndarray:
    bases = np.repeat(codes[:, None], chance.shape[1], axis=1)
    return _exchanged(bases, _partners(np.zeros_like(codes, np.intp), chance))


def _rewalk(codes: np.ndarray, chance: np.ndarray) -> np.ndarray:
    return _walk(codes, _shuffled_exits(codes, chance))


def _partners(first: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """(M, R, n): a place for each to change places with, from the `first` (M, n) of its group to itself."""
    size = np.arange(chance.shape[-1]) - first + 1
    return first[:, None] + (chance * size[:, None]).astype(np.intp)


def _exchanged(bases: np.ndarray, partners: np.ndarray) -> np.ndarray:
    """(M, R, n): the bases, after each in turn has changed places with its partner (Fisher & Yates)."""
    length = bases.shape[-1]
    steps = np.ascontiguousarray(bases.reshape(-1, length).T)
    rows = steps.shape[1]
    places = partners.reshape(-1, length).T * rows + np.arange(rows)
    flat = steps.reshape(-1)
    for here, partner in zip(steps, places, strict=True):
        there = flat[partner]
        flat[partner] = here
        here[:] = there
    return steps.T.reshape(bases.shape)


def _shuffled_exits(codes: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """(M, R, n): for each base in turn, the bases that follow it, in the order of the new walk."""
    keys = np.full(chance.shape, LEFT_OVER)
    keys[..., :-1] = (codes[:, :-1] * 8 + codes[:, 1:])[:, None]
    last = _last_exits(codes, chance[..., -1])
    np.put_along_axis(keys, last, np.take_along_axis(keys, last, axis=-1) | LAST, axis=-1)
    keys.sort(axis=-1)
    place = np.arange(codes.shape[1])
    starts = np.diff(keys[:, 0] >> 3, axis=1, prepend=0) != 0
    first = np.maximum.accumulate(np.where(starts, place, 0), axis=1)
    partners = np.where(keys & LAST, place, _partners(first, chance))
    return _exchanged(keys & FOLLOWS, partners)


def _last_exits(codes: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """(M, R, 4): the place of the exit by which each base is left for the last time.

    chance (M, R) in [0, 1). A base without one, as the last base is, gets the left-over last place.
    """
    run = np.arange(len(codes))
    here, there, root = codes[:, :-1], codes[:, 1:], codes[:, -1]
    exit_index = np.full((len(codes), 4, 4), codes.shape[1] - 1)
    exit_index[run[:, None], here, there] = np.arange(codes.shape[1] - 1)
    exit_index[run, root, root] = codes.shape[1] - 1
    trees = TREES[root]
    factors = _multiplicities(codes)[run[:, None, None], BASES, trees]
    weights = factors[..., 0] * factors[..., 1] * factors[..., 2] * factors[..., 3]
    return exit_index[run[:, None, None], BASES, trees[run[:, None], _choose(weights, chance)]]


def _multiplicities(codes: np.ndarray) -> np.ndarray:
    """(M, 4, 4): how often one base follows another; 1 on to the root for a base that chooses no exit."""
    run = np.arange(len(codes))
    pair = (run[:, None] * 4 + codes[:, :-1]) * 4 + codes[:, 1:]
    count = np.bincount(pair.ravel(), minlength=len(codes) * 16).reshape(-1, 4, 4).astype(np.float64)
    root = codes[:, -1]
    count[run, root, root] = 1
    absent_run, absent = np.nonzero(count.sum(axis=-1) == 0)
    count[absent_run, absent, root[absent_run]] = 1
    return count


def _choose(weights: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """(M, R): an index into the weights (M, K), in proportion to them; chance (M, R) in [0, 1)."""
    upto = weights.cumsum(axis=-1)
    return (chance[..., None] * upto[:, None, -1:] >= upto[:, None]).sum(axis=-1)


def _walk(codes: np.ndarray, exits: np.ndarray) -> np.ndarray:
    """Walk each row of exits (M, R, n) from the first base of its run; a state is 4 * row + base."""
    copies, length = exits.shape[1:]
    row = np.arange(len(codes) * copies)
    count = (codes[:, :-1, None] == BASES).sum(axis=1)
    ahead = np.repeat(count.cumsum(axis=-1) - count, copies, axis=0)
    places = (row[:, None] * length + ahead).ravel()
    states = (4 * row[:, None] + exits.reshape(-1, length)).ravel()
    path = np.empty((length, len(row)), np.intp)
    path[0] = 4 * row + np.repeat(codes[:, 0], copies)
    for before, after in pairwise(path):
        exit_ = places[before]
        places[before] = exit_ + 1
        after[:] = states[exit_]
    return (path.T & 3).astype(np.uint8).reshape(exits.shape)
