"""Numbers drawn at random that belong to a seed, a kind of references and a sequence, and to nothing else.

A hash of the three says where each sequence starts in splitmix64 (Steele, Lea & Flood 2014), whose number i
can be worked out without those before it. So the numbers of reference r are the same however many there are.
"""

import hashlib

import numpy as np

from seqattr.refs import loops
from seqattr.support.compiled import AVAILABLE


def draw_chances(name: str, seed: int, codes: np.ndarray, number: int) -> np.ndarray:
    """(N, R, L) numbers in [0, 1), with all 53 bits of a float64 drawn, for `number` references R of each of
    the sequences (N, L).
    """
    starts = np.array([_start(name, seed, sequence) for sequence in codes], np.uint64)
    drawn = np.empty((len(codes), number * codes.shape[1]))
    if AVAILABLE:
        loops.fractions(starts, drawn)
    else:
        steps = np.arange(1, drawn.shape[1] + 1, dtype=np.uint64) * loops.GAMMA
        drawn[:] = loops.fraction(starts[:, None] + steps)
    return drawn.reshape(len(codes), number, codes.shape[1])


def _start(name: str, seed: int, codes: np.ndarray) -> int:
    digest = hashlib.blake2b(f"{seed} {name} ".encode() + codes.tobytes(), digest_size=8).digest()
    return int.from_bytes(digest, "little")
