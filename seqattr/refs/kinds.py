"""What a sequence is compared with: REFERENCES says what there is, `references("shuffle:10", ...)` draws.

Where a sequence is N, so is each of its references. What is drawn at random depends on the seed, the name of
the reference and the sequence itself, and on nothing else: not on the batch, its order or the shard; and the
first five of shuffle:10 are shuffle:5.
"""

import warnings
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from seqattr.errors import UnknownName
from seqattr.refs.at_random import at_random, same_gc
from seqattr.refs.fixed import read_frequencies, read_zeros
from seqattr.refs.from_fasta import read_records
from seqattr.refs.reference import Names, Reference, sequence_array
from seqattr.refs.shuffle import dinucleotide, mononucleotide


class ReferenceWarning(UserWarning):
    """Some sequences have only themselves for references, so nothing can be said about them."""


class Entry(NamedTuple):
    """One line of REFERENCES: how it is written, what it is, what each reference keeps of its sequence's
    composition, whether it is drawn at random and so takes a number, how it is read.
    """

    form: str
    help: str
    keeps: str
    takes_number: bool
    read: Callable[[str, str | None, Names], Reference]


REFERENCES: dict[str, Entry] = {
    "shuffle": Entry(
        "shuffle:N",
        "N dinucleotide shuffles of each sequence (10)",
        "dinucleotides",
        True,
        at_random(dinucleotide),
    ),
    "mono": Entry(
        "mono:N", "N shuffles of each sequence's bases (10)", "bases", True, at_random(mononucleotide)
    ),
    "gc": Entry(
        "gc:N",
        "N random sequences with each one's GC content (10)",
        "share of G and C",
        True,
        at_random(same_gc),
    ),
    "freq": Entry(
        "freq:A,C,G,T",
        "base frequencies at each position (.3,.2,.2,.3, as in the paper)",
        "nothing",
        False,
        read_frequencies,
    ),
    "zeros": Entry("zeros", "no base at any position", "nothing", False, read_zeros),
    "fasta": Entry(
        "fasta:FILE", "one per sequence, or else a set for all, from a file", "nothing", False, read_records
    ),
}


def references(spec: str, sequences: ArrayLike, seed: int = 0) -> np.ndarray:
    """The references (N, R, 4, L) of one-hot sequences (N, 4, L), as `spec` says: see REFERENCES.

    The sequences may be texts. int8, or float32 for frequencies; shared references have stride 0 along N.
    Warns (ReferenceWarning) of sequences that are their own only references, such as one that no shuffle can
    change. Raises UnknownName for a spec that there is not, InputError for one that cannot be read or does
    not fit the sequences.
    """
    array = sequence_array(sequences)
    # No name in a FASTA file has a blank, so these only count the sequences.
    names = [f"sequence {index}" for index in range(len(array))]
    reference = parse(spec, names)
    drawn = reference.draw(array, seed, names)
    same = reference.degenerate(array, drawn)
    if len(same):
        warnings.warn(_only_themselves(spec, same, len(drawn)), ReferenceWarning, stacklevel=2)
    return drawn


def parse(spec: str, names: Names = None) -> Reference:
    """Read a text such as "shuffle:10", "freq:.3,.2,.2,.3" or "fasta:FILE".

    names are those of all the sequences to come: a FASTA file that has a record for each, or as many records
    as there are names, gives each sequence its own; any other is a set that all share. Raises UnknownName,
    InputError.
    """
    name, colon, argument = str(spec).partition(":")
    if name not in REFERENCES:
        raise UnknownName("reference", name, REFERENCES)
    return REFERENCES[name].read(spec, argument if colon else None, names)


def is_drawn(spec: str) -> bool:
    """Whether references are drawn at random; raises UnknownName where there are none of this name."""
    name = spec.partition(":")[0]
    if name not in REFERENCES:
        raise UnknownName("reference", name, REFERENCES)
    return REFERENCES[name].takes_number


def reference_file(spec: str) -> str | None:
    """The file that references are read from, as that of fasta:FILE; None where they are drawn."""
    name, _, argument = spec.partition(":")
    return argument if name == "fasta" and argument else None


def _only_themselves(spec: str, same: np.ndarray, total: int) -> str:
    first = ", ".join(map(str, same[:5])) + (", ..." if len(same) > 5 else "")
    return f"{len(same)} of {total} sequences have only themselves for references under {spec}: {first}"
