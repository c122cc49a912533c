"""Base frequencies as a user gives them: in numbers, or by a file whose bases are counted."""

from pathlib import Path

import numpy as np

from seqattr.dna.alphabet import encode
from seqattr.dna.frequencies import background_of, measured_background
from seqattr.errors import InputError
from seqattr.io.fasta.records import iter_fasta
from seqattr.support.texts import comma_separated


def frequencies(text: str) -> tuple[float, ...]:
    """The base frequencies (A, C, G, T) that a text gives as four numbers, or counted in the file it names.

    Counted on the strand that the FASTA file holds, N left out. Raises InputError where it is neither.
    """
    numbers = comma_separated(text, float)
    if numbers is not None:
        return tuple(background_of(numbers).tolist())
    if "," in text and not Path(text).exists():
        raise InputError(f"base frequencies are four numbers (0.3,0.2,0.2,0.3) or a file, not '{text}'")
    codes = np.concatenate([encode(record.text) for record in iter_fasta(text)])
    return tuple(measured_background(codes, "forward").tolist())
