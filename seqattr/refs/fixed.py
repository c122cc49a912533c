"""References that are the same for all sequences: no base at all, or base frequencies."""

import numpy as np

from seqattr.dna.alphabet import UNKNOWN
from seqattr.dna.frequencies import BACKGROUND, background_of
from seqattr.errors import InputError
from seqattr.refs.reference import Names, Reference
from seqattr.support.texts import comma_separated


def read_zeros(spec: str, argument: str | None, names: Names) -> Reference:
    """No base at any position: the all-zero baseline."""
    if argument is not None:
        raise InputError(f"the reference zeros takes nothing after it, not '{spec}'")
    return Reference("zeros", spec, 1, True, _draw_zeros)


def _draw_zeros(codes: np.ndarray, seed: int, names: Names) -> np.ndarray:
    return np.broadcast_to(np.uint8(UNKNOWN), (len(codes), 1, codes.shape[1]))


def read_frequencies(spec: str, argument: str | None, names: Names) -> Reference:
    """The same frequencies at every position (Shrikumar et al. 2017, section 4.2), given as A,C,G,T."""
    numbers = BACKGROUND if argument is None else comma_separated(argument, float)
    if numbers is None:
        raise InputError(f"'{spec}' must look like freq:.3,.2,.2,.3 (A,C,G,T)")
    return Reference("freq", spec, 1, True, _frequencies=tuple(background_of(numbers)))
