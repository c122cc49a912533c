"""Base frequencies, given or counted."""

from pathlib import Path

import numpy as np

from seqattr.dna.alphabet import encode
from seqattr.errors import InputError
from seqattr.io.fasta.records import iter_fasta
from seqattr.motifs.scan import measured_background
from seqattr.refs.kinds import background_of


def frequencies(text: str) -> tuple[float, ...]:
    """The base frequencies (A, C, G, T) that a text gives as four numbers, or counted in the file it names.

    Counted on the strand that the FASTA file holds, N left out. Raises InputError where it is neither.
    """
    try:
        numbers = [float(word) for word in text.split(",")]
    except ValueError:
        if "," in text and not Path(text).exists():
            raise InputError(
                f"base frequencies are four numbers (0.3,0.2,0.2,0.3) or a file, not '{text}'"
            ) from None
        codes = np.concatenate([encode(record.text) for record in iter_fasta(text)])
        return tuple(measured_background(codes, "forward").tolist())
    return tuple(background_of(numbers).tolist())
