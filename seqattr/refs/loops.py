"""Loops that draw references, compiled by numba where there is one: `chances` and `shuffle` call them.

They hold no lock of the interpreter's, so several threads draw at once. All chance is in `chance` (N, R, L),
numbers in [0, 1). Each has a plain twin in numpy that gives the same, bit for bit: `in_step` has those of the
shuffles, whose words stand in `shuffle`.
"""

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np

from seqattr.dna.alphabet import UNKNOWN
from seqattr.support.compiled import compiled

# Steele, Lea & Flood (2014), Fast splittable pseudorandom number generators: splitmix64.
GAMMA = np.uint64(0x9E3779B97F4A7C15)
_FACTORS = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_SHIFTS = np.uint64(30), np.uint64(27), np.uint64(31)
_TO_53_BITS = np.uint64(11)


def fraction(state: Any) -> Any:
    """Numbers in [0, 1), with all 53 bits of a float64 drawn, from states that lie GAMMA apart."""
    state = (state ^ (state >> _SHIFTS[0])) * _FACTORS[0]
    state = (state ^ (state >> _SHIFTS[1])) * _FACTORS[1]
    state = state ^ (state >> _SHIFTS[2])
    return (state >> _TO_53_BITS) * 2.0**-53


_fraction = compiled(fraction)


def _trees_to(root: int) -> list[tuple[int, ...]]:
    """The 16 trees on the four bases that lead to the root: each base's next one, the root for itself."""
    return [
        next_of
        for next_of in product(range(4), repeat=4)
        if next_of[root] == root and all(next_of[next_of[next_of[base]]] == root for base in range(4))
    ]


# So many paths are walked side by side: each waits for memory at each step.
PATHS_AT_ONCE = 8

TREES = np.array([_trees_to(root) for root in range(4)])


@compiled
def fractions(starts: Any, chance: Any) -> None:
    """Number i of sequence n is fraction(starts[n] + (i + 1) GAMMA); chance is (N, numbers)."""
    for n in range(chance.shape[0]):
        for i in range(chance.shape[1]):
            chance[n, i] = _fraction(starts[n] + np.uint64(i + 1) * GAMMA)


@compiled
def _end_of_run(codes: Any, start: Any) -> Any:
    """The first unknown base from `start` on, or the end."""
    end = start
    while end < codes.shape[0] and codes[end] != UNKNOWN:
        end += 1
    return end


@compiled
def _permute(bases: Any, chance: Any, first: Any, last: Any) -> None:
    """Fisher & Yates from `first` up to `last`: base i changes places with one from `first` to i."""
    for i in range(first, last):
        j = first + np.int64(chance[i] * (i - first + 1))
        bases[i], bases[j] = bases[j], bases[i]


@compiled
def mononucleotide(codes: Any, chance: Any, drawn: Any) -> None:
    """drawn (N, R, L) has each sequence R times, and has its runs of known bases permuted."""
    for n in range(drawn.shape[0]):
        start = 0
        while start < drawn.shape[2]:
            end = _end_of_run(codes[n], start)
            for r in range(drawn.shape[1]):
                _permute(drawn[n, r, start:end], chance[n, r, start:end], 0, end - start)
            start = end + 1


@compiled
def _count_pairs(run: Any) -> Any:
    """(4, 4): how often one base follows another."""
    count = np.zeros((4, 4), np.int64)
    for i in range(run.shape[0] - 1):
        count[run[i], run[i + 1]] += 1
    return count


@compiled
def _exits_of(count: Any, base: Any) -> Any:
    return count[base, 0] + count[base, 1] + count[base, 2] + count[base, 3]


@compiled
def _weigh(count: Any, root: Any) -> Any:
    """(16,): the products of the multiplicities of the trees' edges, each with those before it."""
    trees = TREES[root]
    upto = np.zeros(trees.shape[0])
    total = 0.0
    for t in range(trees.shape[0]):
        weight = 1.0
        for base in range(4):
            if base != root and _exits_of(count, base) > 0:
                weight *= count[base, trees[t, base]]
            elif trees[t, base] != root:
                weight = 0.0
        total += weight
        upto[t] = total
    return upto


@compiled
def _shuffle_exits(exits: Any, count: Any, root: Any, tree: Any, chance: Any) -> None:
    """The bases that follow each base in turn, in the order of the new walk; the tree's come last."""
    start = 0
    for base in range(4):
        end = start
        ends = base != root and _exits_of(count, base) > 0
        for to in range(4):
            for _ in range(count[base, to] - (ends and to == tree[base])):
                exits[end] = to
                end += 1
        _permute(exits, chance, start, end)
        if ends:
            exits[end] = tree[base]
            end += 1
        start = end


@compiled
def _walk(exits: Any, count: Any, paths: Any) -> None:
    """From the first base of each of the paths on, a step in all of them at a time."""
    ahead = np.empty((paths.shape[0], 4), np.int64)  # the place of each base's next exit
    here = np.empty(paths.shape[0], np.uint8)
    for path in range(paths.shape[0]):
        here[path] = paths[path, 0]
        ahead[path, 0] = 0
        for base in range(3):
            ahead[path, base + 1] = ahead[path, base] + _exits_of(count, base)
    for step in range(1, paths.shape[1]):
        for path in range(paths.shape[0]):
            base = here[path]
            place = ahead[path, base]
            ahead[path, base] = place + 1
            base = exits[path, place]
            here[path] = base
            paths[path, step] = base


@compiled
def _choose(upto: Any, chance: Any) -> Any:
    chosen = 0
    for t in range(upto.shape[0]):
        chosen += chance * upto[-1] >= upto[t]
    return chosen


@compiled
def _rewalk(run: Any, chance: Any, drawn: Any) -> None:
    """drawn (R, n) has the run R times."""
    root = run[-1]
    count = _count_pairs(run)
    upto = _weigh(count, root)
    exits = np.empty((PATHS_AT_ONCE, run.shape[0]), np.uint8)
    for first in range(0, drawn.shape[0], PATHS_AT_ONCE):
        some = drawn[first : first + PATHS_AT_ONCE]
        for r in range(some.shape[0]):
            numbers = chance[first + r]
            _shuffle_exits(exits[r], count, root, TREES[root, _choose(upto, numbers[-1])], numbers)
        _walk(exits, count, some)


@compiled
def dinucleotide(codes: Any, chance: Any, drawn: Any) -> None:
    """drawn (N, R, L) has each sequence R times, and has its runs of known bases walked anew."""
    for n in range(drawn.shape[0]):
        start = 0
        while start < drawn.shape[2]:
            end = _end_of_run(codes[n], start)
            if end > start:
                _rewalk(codes[n, start:end], chance[n, :, start:end], drawn[n, :, start:end])
            start = end + 1


@compiled
def same_gc(codes: Any, chance: Any, drawn: Any) -> None:
    """drawn (N, R, L) has each sequence R times, and has its known bases drawn by their share of G and C."""
    for n in range(drawn.shape[0]):
        known, strong = 0, 0
        for i in range(drawn.shape[2]):
            known += codes[n, i] != UNKNOWN
            strong += codes[n, i] == 1 or codes[n, i] == 2
        gc = strong / max(known, 1)
        upto = gc / 2, gc, (1 + gc) / 2
        for r in range(drawn.shape[1]):
            for i in range(drawn.shape[2]):
                number = chance[n, r, i]
                base = (1 + (number < upto[0])) if number < upto[1] else 3 * (number < upto[2])
                drawn[n, r, i] = UNKNOWN if codes[n, i] == UNKNOWN else base


def looped(loop: Callable[..., None], codes: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """What a loop draws of codes (N, L) and chance (N, R, L): codes (N, R, L).

    It gets arrays of one kind only, in order and writable, so that it is compiled only once.
    """
    codes, chance = (np.require(array, requirements=["C", "W"]) for array in (codes, chance))
    drawn = np.empty(chance.shape, np.uint8)
    drawn[:] = codes[:, None]
    loop(codes, chance, drawn)
    return drawn
