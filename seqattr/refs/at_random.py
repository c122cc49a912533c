"""References that are drawn at random for each sequence.

A draw depends on the seed, the name of the reference and the sequence itself, and on nothing else: not on the
batch, its order or the shard; and the first five of shuffle:10 are shuffle:5.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from seqattr.dna.alphabet import UNKNOWN
from seqattr.errors import InputError
from seqattr.refs import loops
from seqattr.refs.chances import draw_chances
from seqattr.refs.reference import Names, Reference
from seqattr.support.compiled import AVAILABLE

# So many references are drawn when nobody says how many, and not more of each sequence.
USUAL_NUMBER = 10
MOST_REFERENCES = 100_000

# So many bases are drawn at once: enough to be quick, few enough to stay in the cache.
BASES_AT_ONCE = 2**18

# codes (N, L), chance (N, R, L) in [0, 1) -> codes (N, R, L)
Rearrange = Callable[[np.ndarray, np.ndarray], np.ndarray]


def at_random(rearrange: Rearrange) -> Callable[..., Reference]:
    """A reader of kinds such as shuffle:10, whose references are rearranged sequences."""

    def read(spec: str, argument: str | None, names: Names) -> Reference:
        name = spec.partition(":")[0]
        number = USUAL_NUMBER if argument is None else _number(spec, argument)
        return Reference(name, spec, number, False, partial(_draw_at_random, rearrange, name, number))

    return read


def _number(spec: str, argument: str) -> int:
    name = spec.partition(":")[0]
    if not (argument.isascii() and argument.isdigit() and argument.strip("0")):
        raise InputError(f"'{spec}' must say how many, a whole number from 1 on, as in {name}:{USUAL_NUMBER}")
    if len(argument) > len(str(MOST_REFERENCES)) or int(argument) > MOST_REFERENCES:
        raise InputError(
            f"'{spec}' asks for more than {MOST_REFERENCES:,} references; {name}:{USUAL_NUMBER} is usual"
        )
    return int(argument)


def _draw_at_random(
    rearrange: Rearrange, name: str, number: int, codes: np.ndarray, seed: int, names: Names
) -> np.ndarray:
    count, length = codes.shape
    drawn = np.empty((count, number, length), np.uint8)
    step = max(1, BASES_AT_ONCE // (number * max(1, length)))
    for start in range(0, count, step):
        some = codes[start : start + step]
        drawn[start : start + step] = rearrange(some, draw_chances(name, seed, some, number))
    return drawn


def same_gc(codes: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """Each base drawn on its own, with the sequence's share of G and C, both alike, and A and T alike."""
    if AVAILABLE:
        return loops.looped(loops.same_gc, codes, chance)
    known = codes != UNKNOWN
    gc = ((codes == 1) | (codes == 2)).sum(axis=-1) / np.maximum(known.sum(axis=-1), 1)
    gc = gc[:, None, None]
    drawn = np.where(chance < gc, 1 + (chance < gc / 2), 3 * (chance < (1 + gc) / 2)).astype(np.uint8)
    return np.where(known[:, None], drawn, np.uint8(UNKNOWN))
