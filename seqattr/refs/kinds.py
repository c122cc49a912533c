"""What a sequence is compared with: REFERENCES says what there is, `references("shuffle:10", ...)` draws.

Where a sequence is N, so is each of its references. What is drawn at random depends on the seed, the name of
the reference and the sequence itself, and on nothing else: not on the batch, its order or the shard; and the
first five of shuffle:10 are shuffle:5.
"""

import hashlib
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from seqattr.dna.alphabet import UNKNOWN, codes_of, encode, one_hot
from seqattr.dna.frequencies import BACKGROUND, background_of
from seqattr.errors import InputError, UnknownName
from seqattr.io.fasta.records import Record, read_fasta
from seqattr.refs.shuffle import dinucleotide, mononucleotide, uniform
from seqattr.support.texts import comma_separated

# So many references are drawn when nobody says how many, and not more of each sequence.
USUAL_NUMBER = 10
MOST_REFERENCES = 100_000

# So many bases are drawn at once: enough to be quick, few enough to stay in the cache.
BASES_AT_ONCE = 2**18

# The names of the sequences, where they are known.
Names = Sequence[str] | None

# codes (N, L), seed, names -> one-hot (N, R, 4, L)
Draw = Callable[[np.ndarray, int, Names], np.ndarray]

# codes (N, L), random bits (N, R, L) -> codes (N, R, L)
Rearrange = Callable[[np.ndarray, np.ndarray], np.ndarray]


class ReferenceWarning(UserWarning):
    """Some sequences have only themselves for references, so nothing can be said about them."""


@dataclass(frozen=True)
class Reference:
    """A way to get references, read from a text such as "shuffle:10".

    number is R, the references per sequence; shared says that all sequences have the same ones (but for
    their N's).
    """

    name: str
    spec: str
    number: int
    shared: bool
    _draw: Draw = field(repr=False, compare=False)

    def draw(self, sequences: ArrayLike, seed: int = 0, names: Names = None) -> np.ndarray:
        """The references (N, R, 4, L) of one-hot sequences (N, 4, L): int8, or float32 for frequencies.

        Only a FASTA file with one reference per sequence looks at the names. Shared references have stride 0
        along N. Raises InputError when the sequences are not one-hot or a reference is not as long as they.
        """
        return self._draw(codes_of(_checked(sequences)), seed, names)

    @staticmethod
    def degenerate(sequences: ArrayLike, drawn: ArrayLike) -> np.ndarray:
        """The indices of sequences (N, 4, L) that all of their references (N, R, 4, L) are equal to."""
        same = np.asarray(drawn) == np.asarray(sequences)[:, None]
        return np.flatnonzero(same.all(axis=(1, 2, 3)))


class Entry(NamedTuple):
    """One line of REFERENCES: how it is written, what it is, what each reference keeps of its sequence's
    composition, whether it is drawn at random and so takes a number, how it is read.
    """

    form: str
    help: str
    keeps: str
    takes_number: bool
    read: Callable[[str, str | None, Names], Reference]


def references(spec: str, sequences: ArrayLike, seed: int = 0) -> np.ndarray:
    """The references (N, R, 4, L) of one-hot sequences (N, 4, L), as `spec` says: see REFERENCES.

    int8, or float32 for frequencies; shared references have stride 0 along N. Warns (ReferenceWarning) of
    sequences that are their own only references, such as one that no shuffle can change. Raises UnknownName
    for a spec that there is not, InputError for one that cannot be read or does not fit the sequences.
    """
    array = _checked(sequences)
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
    name, colon, argument = spec.partition(":")
    if name not in REFERENCES:
        raise UnknownName("reference", name, REFERENCES)
    return REFERENCES[name].read(spec, argument if colon else None, names)


def reference_file(spec: str) -> str | None:
    """The file that references are read from, as that of fasta:FILE; None where they are drawn."""
    name, _, argument = spec.partition(":")
    return argument if name == "fasta" and argument else None


def _only_themselves(spec: str, same: np.ndarray, total: int) -> str:
    first = ", ".join(map(str, same[:5])) + (", ..." if len(same) > 5 else "")
    return f"{len(same)} of {total} sequences have only themselves for references under {spec}: {first}"


def _checked(sequences: ArrayLike) -> np.ndarray:
    """An array (N, 4, L), of sequences that are numpy's or anybody else's."""
    array = np.asarray(sequences)
    if array.ndim != 3 or array.shape[1] != 4:
        raise InputError(f"sequences must be one-hot with shape (N, 4, L), not {array.shape}")
    return array


# ---- the same for all sequences


def _read_zeros(spec: str, argument: str | None, names: Names) -> Reference:
    if argument is not None:
        raise InputError(f"the reference zeros takes nothing after it, not '{spec}'")
    return Reference("zeros", spec, 1, True, _draw_zeros)


def _draw_zeros(codes: np.ndarray, seed: int, names: Names) -> np.ndarray:
    return np.broadcast_to(np.int8(0), (len(codes), 1, 4, codes.shape[1]))


def _read_freq(spec: str, argument: str | None, names: Names) -> Reference:
    numbers = BACKGROUND if argument is None else comma_separated(argument, float)
    if numbers is None:
        raise InputError(f"'{spec}' must look like freq:.3,.2,.2,.3 (A,C,G,T)")
    frequencies = background_of(numbers)
    return Reference("freq", spec, 1, True, partial(_draw_freq, frequencies.astype(np.float32)))


def _draw_freq(frequencies: np.ndarray, codes: np.ndarray, seed: int, names: Names) -> np.ndarray:
    everywhere = np.broadcast_to(frequencies[:, None], (1, 4, codes.shape[1]))
    return _for_all(everywhere, codes)


def _for_all(shared: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """(R, 4, L) for each of the sequences (N, L): a view, unless a sequence's N's must be cut out of it."""
    return _cut_unknown(np.broadcast_to(shared, (len(codes), *shared.shape)), codes)


def _cut_unknown(drawn: np.ndarray, codes: np.ndarray) -> np.ndarray:
    known = codes != UNKNOWN
    return drawn if known.all() else drawn * known[:, None, None, :]


# ---- drawn at random for each sequence


def _at_random(rearrange: Rearrange) -> Callable[..., Reference]:
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
    drawn = np.empty((count, number, 4, length), np.int8)
    step = max(1, BASES_AT_ONCE // (number * max(1, length)))
    for start in range(0, count, step):
        some = codes[start : start + step]
        bits = np.stack([_bits(name, seed, one, number) for one in some])
        drawn[start : start + step] = one_hot(rearrange(some, bits))
    return drawn


def _bits(name: str, seed: int, codes: np.ndarray, number: int) -> np.ndarray:
    """(R, L) random 64-bit numbers that belong to this seed, reference and sequence."""
    digest = hashlib.blake2b(f"{seed} {name} ".encode() + codes.tobytes(), digest_size=16).digest()
    return np.random.PCG64(int.from_bytes(digest, "little")).random_raw((number, len(codes)))


def _with_same_gc(codes: np.ndarray, bits: np.ndarray) -> np.ndarray:
    """Each base drawn on its own, with the sequence's share of G and C, both alike, and A and T alike."""
    known = codes != UNKNOWN
    gc = ((codes == 1) | (codes == 2)).sum(axis=-1) / np.maximum(known.sum(axis=-1), 1)
    second = (bits & np.uint64(1)).astype(np.uint8)
    drawn = np.where(uniform(bits) < gc[:, None, None], 1 + second, 3 * second)
    return np.where(known[:, None], drawn, np.uint8(UNKNOWN))


# ---- read from a file


def _read_fasta(spec: str, argument: str | None, names: Names) -> Reference:
    if not argument:
        raise InputError(f"'{spec}' must name a file, as in fasta:references.fa")
    records = read_fasta(Path(argument))
    own = _own_records(argument, records, names or ())
    if own is None:
        return Reference("fasta", spec, len(records), True, partial(_draw_set, argument, records))
    return Reference("fasta", spec, 1, False, partial(_draw_own, argument, own))


def _own_records(file: str, records: list[Record], names: Sequence[str]) -> dict[str, Record] | None:
    """Each sequence's own record, by name or else in order; None when the records are a set for all."""
    by_name = {record.name: record for record in records}
    found = sum(name in by_name for name in names)
    if 0 < found < len(names):
        missing = next(name for name in names if name not in by_name)
        raise InputError(
            f"{file} has a reference for {found} of the {len(names)} sequences, but not for {missing}"
        )
    if found:
        return by_name
    if len(names) != len(records):
        return None
    in_order = dict(zip(names, records, strict=True))
    if len(in_order) < len(names):
        raise InputError(f"{file} has one reference per sequence, so no two sequences may have the same name")
    return in_order


def _draw_set(file: str, records: list[Record], codes: np.ndarray, seed: int, names: Names) -> np.ndarray:
    return _for_all(_one_hot_of(file, records, codes.shape[1]), codes)


def _draw_own(file: str, own: dict[str, Record], codes: np.ndarray, seed: int, names: Names) -> np.ndarray:
    if names is None or len(names) != len(codes):
        raise InputError(f"{file} holds one reference per sequence, so each sequence needs its name")
    missing = [name for name in names if name not in own]
    if missing:
        raise InputError(f"{file} holds one reference per sequence, but none for {missing[0]}")
    drawn = _one_hot_of(file, [own[name] for name in names], codes.shape[1])
    return _cut_unknown(drawn[:, None], codes)


def _one_hot_of(file: str, records: list[Record], length: int) -> np.ndarray:
    for name, _, text in records:
        if len(text) != length:
            raise InputError(
                f"the reference {name} in {file} has {len(text)} bases, the sequences have {length}"
            )
    return one_hot(np.stack([encode(record.text) for record in records]))


REFERENCES: dict[str, Entry] = {
    "shuffle": Entry(
        "shuffle:N",
        "N dinucleotide shuffles of each sequence (10)",
        "dinucleotides",
        True,
        _at_random(dinucleotide),
    ),
    "mono": Entry(
        "mono:N", "N shuffles of each sequence's bases (10)", "bases", True, _at_random(mononucleotide)
    ),
    "gc": Entry(
        "gc:N",
        "N random sequences with each one's GC content (10)",
        "share of G and C",
        True,
        _at_random(_with_same_gc),
    ),
    "freq": Entry(
        "freq:A,C,G,T",
        "base frequencies at each position (.3,.2,.2,.3, as in the paper)",
        "nothing",
        False,
        _read_freq,
    ),
    "zeros": Entry("zeros", "no base at any position", "nothing", False, _read_zeros),
    "fasta": Entry(
        "fasta:FILE", "one per sequence, or else a set for all, from a file", "nothing", False, _read_fasta
    ),
}
