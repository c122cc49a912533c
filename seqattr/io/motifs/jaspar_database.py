"""Motifs of the JASPAR database, as the optional package pyjaspar ships it."""

import re
import warnings
from typing import Any

from seqattr.dna.alphabet import ALPHABET
from seqattr.errors import InputError
from seqattr.io.motifs.collection import Collection, Entry, Matrix, collect
from seqattr.io.motifs.matrices import to_probabilities
from seqattr.io.motifs.meme import motif_name

_IDENTIFIER = re.compile(r"[A-Z]{2}\d{4}(\.\d+)?")


def fetch_jaspar(wanted: str, strict: bool = True) -> Collection:
    """The motifs, with probabilities (4, w), of all that JASPAR has under an identifier or a factor's name.

    An identifier without a version is the newest. Raises InputError where pyjaspar is not installed, or
    there is no such motif.
    """
    try:
        from pyjaspar import jaspardb
    except ImportError as error:
        raise InputError(
            f"jaspar:{wanted} needs pyjaspar, which is not installed; "
            "`pip install 'seqattr[motifs]'` brings it"
        ) from error
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of what it does not find; so do we, below
        motifs = _query(jaspardb(), wanted)
    if not motifs:
        raise InputError(
            f"JASPAR has no motif '{wanted}'; an identifier (jaspar:MA0140.2) or a factor's name "
            "(jaspar:TAL1) was expected"
        )
    return collect(f"jaspar:{wanted}", map(_entry, motifs), strict)


def _query(database: Any, wanted: str) -> list[Any]:
    if _IDENTIFIER.fullmatch(wanted):
        motif = database.fetch_motif_by_id(wanted)
        return [] if motif is None else [motif]
    return list(database.fetch_motifs_by_name(wanted))


def _entry(motif: Any) -> Entry:
    name = motif_name([motif.matrix_id, *str(motif.name).split()])

    def matrix() -> Matrix:
        return Matrix(
            to_probabilities(f"motif '{name}' in JASPAR", [motif.counts[base] for base in ALPHABET])
        )

    return Entry(name, "", "JASPAR", matrix)
