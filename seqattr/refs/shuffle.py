"""Shuffles that keep what a sequence is made of, drawn uniformly, many at once.

Both shuffles take codes (N, L) and chance (N, R, L), numbers in [0, 1), and answer codes (N, R, L). One
number goes into each base drawn, so row r of sequence n depends on nothing but chance[n, r]. Each run of
known bases between N's is shuffled on its own, and an N stays where it is.

A dinucleotide shuffle is an Eulerian path through the multigraph whose vertices are the bases and whose edges
are the dinucleotides (Altschul & Erickson 1985): the edges by which each base is left for the last time form
a tree towards the last base. So a tree is drawn, in proportion to the product of its edges' multiplicities;
the remaining exits of each base are permuted (Fisher & Yates); and the path is walked. Every legal sequence
is as likely as any other: a number of 53 bits picks one of n places with a relative error of n / 2**53.
"""

import numpy as np

from seqattr.refs import in_step, loops
from seqattr.support.compiled import AVAILABLE


def mononucleotide(codes: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """Shuffle each run of bases: codes (N, L) and chance (N, R, L) to codes (N, R, L)."""
    if AVAILABLE:
        return loops.looped(loops.mononucleotide, codes, chance)
    return in_step.mononucleotide(codes, chance)


def dinucleotide(codes: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """Shuffle each run of bases, keeping its dinucleotides and thus its first and last base.

    codes (N, L) and chance (N, R, L) to codes (N, R, L); Altschul & Erickson 1985, see above.
    """
    if AVAILABLE:
        return loops.looped(loops.dinucleotide, codes, chance)
    return in_step.dinucleotide(codes, chance)
