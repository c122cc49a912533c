"""Shuffles that keep what a sequence is made of, drawn uniformly, many at once.

Both shuffles take codes (N, L) and random bits (N, R, L) and answer codes (N, R, L). All their chance is in
the bits, one 64-bit number for each base drawn, so row r of sequence n depends on nothing but bits[n, r].
Each run of known bases between N's is shuffled on its own, and an N stays where it is.

A dinucleotide shuffle is an Eulerian path through the multigraph whose vertices are the bases and whose edges
are the dinucleotides (Altschul & Erickson 1985): the edges by which each base is left for the last time form
a tree towards the last base. So a tree is drawn, in proportion to the product of its edges' multiplicities;
the remaining exits of each base are permuted; and the path is walked. Every legal sequence is as likely as
any other.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise, product
from typing import Any

import numpy as np

from seqattr.dna.alphabet import UNKNOWN
from seqattr.support.compiled import AVAILABLE, compiled

# Codes (M, n) and bits (M, R, n) of M runs of the same length -> codes (M, R, n).
Permute = Callable[[np.ndarray, np.ndarray], np.ndarray]

BASES = np.arange(4)

# A sort key, from its highest bits down: the base that is left (2), chance (60), the base that follows (2).
LEFT = np.uint64(62)
CHANCE = np.uint64(2**62 - 4)
FOLLOWS = np.uint64(3)


def mononucleotide(codes: np.ndarray, bits: np.ndarray) -> np.ndarray:
    """Shuffle each run of bases: codes (N, L) and bits (N, R, L) to codes (N, R, L)."""
    return _run_by_run(codes, bits, _permute)


def dinucleotide(codes: np.ndarray, bits: np.ndarray) -> np.ndarray:
    """Shuffle each run of bases, keeping its dinucleotides and thus its first and last base.

    codes (N, L) and bits (N, R, L) to codes (N, R, L); Altschul & Erickson 1985, see above.
    """
    return _run_by_run(codes, bits, _rewalk)


def _run_by_run(codes: np.ndarray, bits: np.ndarray, permute: Permute) -> np.ndarray:
    shuffled = np.repeat(codes[:, None], bits.shape[1], axis=1)
    for runs in _runs_of_equal_length(codes):
        drawn = permute(
            np.stack([codes[n, start:end] for n, start, end in runs]),
            np.stack([bits[n, :, start:end] for n, start, end in runs]),
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


def _permute(codes: np.ndarray, bits: np.ndarray) -> np.ndarray:
    keys = (bits & ~FOLLOWS) | codes[:, None]
    keys.sort(axis=-1)
    return (keys & FOLLOWS).astype(np.uint8)


def _rewalk(codes: np.ndarray, bits: np.ndarray) -> np.ndarray:
    return _walk(codes, _shuffled_exits(codes, bits))


def _shuffled_exits(codes: np.ndarray, bits: np.ndarray) -> np.ndarray:
    """(M, R, n): for each base in turn, the bases that follow it, in the order of the new walk.

    The last column is left over, as n bases have n - 1 exits; its key is the greatest there is.
    """
    label = np.full(codes.shape, ~np.uint64(0))
    label[:, :-1] = (codes[:, :-1].astype(np.uint64) << LEFT) | codes[:, 1:]
    keys = (bits & CHANCE) | label[:, None]
    last = _last_exits(codes, uniform(bits[..., -1]))
    np.put_along_axis(keys, last, np.take_along_axis(keys, last, axis=-1) | CHANCE, axis=-1)
    keys.sort(axis=-1)
    return (keys & FOLLOWS).astype(np.uint8)


def uniform(bits: np.ndarray) -> np.ndarray:
    """Numbers in [0, 1) with all 53 bits of a float64 drawn."""
    return (bits >> np.uint64(11)) * 2.0**-53


def _last_exits(codes: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """(M, R, 4): the place of the exit by which each base is left for the last time.

    chance (M, R) in [0, 1). A base without one, as the last base is, gets the left-over last place.
    """
    run = np.arange(len(codes))
    here, there, root = codes[:, :-1], codes[:, 1:], codes[:, -1]
    exit_index = np.full((len(codes), 4, 4), codes.shape[1] - 1)
    exit_index[run[:, None], here, there] = np.arange(codes.shape[1] - 1)
    exit_index[run, root, root] = codes.shape[1] - 1
    trees = _TREES[root]
    chosen = _choose(_multiplicities(codes)[run[:, None, None], BASES, trees].prod(axis=-1), chance)
    return exit_index[run[:, None, None], BASES, trees[run[:, None], chosen]]


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


def _trees_to(root: int) -> list[tuple[int, ...]]:
    """The 16 trees on the four bases that lead to the root: each base's next one, the root for itself."""
    return [
        next_of
        for next_of in product(range(4), repeat=4)
        if next_of[root] == root and all(next_of[next_of[next_of[base]]] == root for base in range(4))
    ]


_TREES = np.array([_trees_to(root) for root in range(4)])


def _walk(codes: np.ndarray, exits: np.ndarray) -> np.ndarray:
    """Walk each row of exits (M, R, n) from the first base of its run, whose counts of bases are kept."""
    copies, length = exits.shape[1:]
    count = (codes[:, :-1, None] == BASES).sum(axis=1)
    ahead = np.repeat(count.cumsum(axis=-1) - count, copies, axis=0)
    first = np.repeat(codes[:, 0], copies)
    walk = _walk_rows if AVAILABLE else _walk_in_step
    return walk(exits.reshape(-1, length), ahead, first).reshape(exits.shape)


def _walk_rows(exits: np.ndarray, ahead: np.ndarray, first: np.ndarray) -> np.ndarray:
    path = np.empty_like(exits)
    _follow(exits, ahead, first, path)
    return path


@compiled
def _follow(exits: Any, ahead: Any, first: Any, path: Any) -> None:
    """`ahead` (rows, 4) is the place of each base's next exit."""
    for row in range(exits.shape[0]):
        base = path[row, 0] = first[row]
        for step in range(1, exits.shape[1]):
            exit_ = ahead[row, base]
            ahead[row, base] += 1
            base = path[row, step] = exits[row, exit_]


def _walk_in_step(exits: np.ndarray, ahead: np.ndarray, first: np.ndarray) -> np.ndarray:
    """The same in plain numpy, one step in all rows at a time; a state is 4 * row + base."""
    rows, length = exits.shape
    row = np.arange(rows)
    places = (row[:, None] * length + ahead).ravel()
    states = (4 * row[:, None] + exits).ravel()
    path = np.empty((length, rows), np.intp)
    path[0] = 4 * row + first
    for before, after in pairwise(path):
        exit_ = places[before]
        places[before] = exit_ + 1
        after[:] = states[exit_]
    return (path.T & 3).astype(np.uint8)
