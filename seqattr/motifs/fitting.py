"""One row's contributions explained by matches, in one direction whichever is given."""

import numpy as np

from seqattr.dna.alphabet import UNKNOWN, reverse_complement_codes
from seqattr.motifs.matches import Matches, prefers_other_strand
from seqattr.motifs.profiles import Profiles
from seqattr.motifs.pursuit import pursue


def fit_row(
    values: np.ndarray, codes: np.ndarray, matches: Matches, profiles: Profiles, limits: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray]:
    """The numbers (H,) of the matches taken, in order, and what is fitted (H, 5).

    That is their amounts, coefficients and similarities, and what they explain of either sign, of one row's
    contributions (L,) and codes (L,). The limits are the least similarity and the least density.
    """
    start, strand = matches.start.astype(np.int64), matches.strand.astype(np.int64)
    if _runs_backwards(codes, values):
        codes, values = reverse_complement_codes(codes), values[::-1]
        start, strand = len(codes) - matches.end.astype(np.int64), -strand
    mean = abs(values).sum() / max(int((codes != UNKNOWN).sum()), 1)
    chosen, numbers = np.empty(len(matches), np.int64), np.zeros((len(matches), 5))
    taken = pursue(
        (values.copy(), np.ascontiguousarray(values), np.ascontiguousarray(codes)),
        (start, matches.motif.astype(np.int64), strand),
        tuple(profiles),
        (limits[0], limits[1] * mean),
        (chosen, numbers),
    )
    order = np.argsort(chosen[:taken])
    return chosen[order], numbers[order]


def _runs_backwards(codes: np.ndarray, values: np.ndarray) -> bool:
    """Whether the other strand's text, or where that is the same its contributions, is the lesser."""
    known = np.flatnonzero(codes != UNKNOWN)
    if not len(known):
        return False
    inside = slice(known[0], known[-1] + 1)
    text, numbers = codes[inside].astype(np.float64), values[inside]
    other = reverse_complement_codes(text)
    both = np.concatenate([text, numbers]), np.concatenate([other, numbers[::-1]])
    return bool(prefers_other_strand(*(side[None] for side in both))[0])
