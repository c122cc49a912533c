"""Sequences in pairs, such as both alleles of a variant, that have the same references.

What is drawn for two sequences, each from its own bases, differs by far more than the one base in which these
may differ themselves. Against the same references contributions differ, in sum, by what the outputs do.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from seqattr.dna.alphabet import UNKNOWN

# Rows (N,) -> the codes of these sequences (N, L)
CodesOf = Callable[[npt.NDArray[np.intp]], npt.NDArray[np.uint8]]


class Origins(NamedTuple):
    """What the references of some sequences are drawn of: rows (N,), and the codes there (N, L)."""

    rows: npt.NDArray[np.intp]
    codes: npt.NDArray[np.uint8]


def origins(rows: npt.NDArray[np.intp], codes_of: CodesOf, pairs: bool) -> Origins:
    """The sequences themselves; of `pairs` the first for both, in rows 2 n and 2 n + 1.

    As a sequence's references are N where it is, those of a pair are N where either of the two is.
    """
    if not pairs:
        return Origins(rows, codes_of(rows))
    firsts = rows - rows % 2
    codes, others = codes_of(firsts), codes_of(firsts + 1)
    return Origins(firsts, np.where(others == UNKNOWN, others, codes))
