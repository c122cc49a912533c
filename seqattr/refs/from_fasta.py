"""References that are read from a FASTA file: one for each sequence, or a set that all share."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from seqattr.dna.alphabet import encode
from seqattr.errors import InputError
from seqattr.io.fasta.records import Record, read_fasta
from seqattr.refs.reference import Names, Reference, for_all, without_unknown


def read_records(spec: str, argument: str | None, names: Names) -> Reference:
    """A record for each sequence, by name or in order; any other number of records is a set for all."""
    if not argument:
        raise InputError(f"'{spec}' must name a file, as in fasta:references.fa")
    records = read_fasta(Path(argument))
    record_of = _record_of_each(argument, records, names or ())
    if record_of is None:
        return Reference("fasta", spec, len(records), True, partial(_draw_set, argument, records))
    return Reference("fasta", spec, 1, False, partial(_draw_own, argument, record_of))


def _record_of_each(file: str, records: list[Record], names: Sequence[str]) -> dict[str, Record] | None:
    """Each sequence's own record, by name or else in order; None when the records are a set for all."""
    by_name = {record.name: record for record in records}
    known = sum(name in by_name for name in names)
    if 0 < known < len(names):
        missing = next(name for name in names if name not in by_name)
        raise InputError(
            f"{file} has a reference for {known} of the {len(names)} sequences, but not for {missing}"
        )
    if known:
        return by_name
    if len(names) != len(records):
        return None
    in_order = dict(zip(names, records, strict=True))
    if len(in_order) < len(names):
        raise InputError(f"{file} has one reference per sequence, so no two sequences may have the same name")
    return in_order


def _draw_set(file: str, records: list[Record], codes: np.ndarray, seed: int, names: Names) -> np.ndarray:
    return for_all(_codes_of(file, records, codes.shape[1]), codes)


def _draw_own(
    file: str, record_of: dict[str, Record], codes: np.ndarray, seed: int, names: Names
) -> np.ndarray:
    if names is None or len(names) != len(codes):
        raise InputError(f"{file} holds one reference per sequence, so each sequence needs its name")
    missing = [name for name in names if name not in record_of]
    if missing:
        raise InputError(f"{file} holds one reference per sequence, but none for {missing[0]}")
    drawn = _codes_of(file, [record_of[name] for name in names], codes.shape[1])
    return without_unknown(drawn[:, None], codes)


def _codes_of(file: str, records: list[Record], length: int) -> np.ndarray:
    for name, _, text in records:
        if len(text) != length:
            raise InputError(
                f"the reference {name} in {file} has {len(text)} bases, the sequences have {length}"
            )
    return np.stack([encode(record.text) for record in records])
