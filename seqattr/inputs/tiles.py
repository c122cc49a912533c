"""Windows of a genome one after the other all along it."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from seqattr.dna.places import Places
from seqattr.dna.regions import Region
from seqattr.errors import InputError
from seqattr.inputs.dropped import Dropped, DroppedRows, left_out
from seqattr.inputs.names import RegionNames
from seqattr.inputs.records import OddRecords, notes_on_letters
from seqattr.inputs.sizes import Sizes
from seqattr.inputs.spool import Spool
from seqattr.inputs.streamed import spooled_records
from seqattr.inputs.table import Windows
from seqattr.inputs.unknown import nothing_known
from seqattr.inputs.windows import Inputs
from seqattr.io.fasta.records import check_unique
from seqattr.support.advice import advice
from seqattr.support.packed import Texts, TextsBuilder


def from_tiles(genome: Path | str, length: int, step: int, pad: bool = False, strict: bool = True) -> Inputs:
    """Windows of `length` bases every `step` bases of each record, and a last one that ends at its end.

    Those that are all N are dropped. Records that are shorter than a window are filled up with N where
    `pad` says so, else dropped, or an InputError in a `strict` run.
    """
    if step < 1:
        raise InputError(f"`step` must be at least 1 base, not {step}")
    spool, names, odd = Spool(), TextsBuilder(), OddRecords()
    places, ambiguous = list[tuple[int, int]](), 0
    for record in spooled_records(genome, spool):
        if record.reason:
            odd.add(record, record.reason)
            continue
        names.add(record.name)
        places.append((record.at, record.bases))
        ambiguous += record.ambiguous if pad or record.bases >= length else 0
    spool.digest()
    records = _Records(names.finish(), np.array(places, np.int64).reshape(-1, 2))
    check_unique(genome, records.names)
    short = DroppedRows() if pad else records.shorter_than(length)
    dropped = short + odd.finish()
    cure = "".join(advice("; `pad=True` would fill up short ones"))
    notes = left_out(dropped, len(records.names) + len(odd), "records", strict, cure)
    windows = records.tiles(spool, length, step, pad)
    known = windows.unknown < windows.inside[:, 1] - windows.inside[:, 0]
    if not known.any():
        raise InputError(f"{genome} has no window of {length} bp with a base in it")
    unknown = nothing_known(windows.select(~known))
    notes += [f"{len(unknown)} windows of nothing but N were left out"] if unknown else []
    sizes = Sizes({}, records.names, records.bases)
    return Inputs(windows.select(known), sizes, notes_on_letters([ambiguous]) + notes, dropped + unknown)


class _Records:
    """The records of a file in columns: their names, and the place and number (N, 2) of their bases."""

    def __init__(self, names: Texts, places: npt.NDArray[np.int64]) -> None:
        self.names = names
        self._at, self.bases = places.T

    def shorter_than(self, length: int) -> DroppedRows:
        """Those that are too short for a window."""
        rows = np.flatnonzero(self.bases < length)

        def one(number: int) -> Dropped:
            row = int(rows[number])
            name, bases = self.names[row], int(self.bases[row])
            reason = f"record {name} has {bases} bases, fewer than a window of {length}"
            return Dropped(name, Region(name, 0, bases), reason)

        return DroppedRows.made(len(rows), one)

    def tiles(self, spool: Spool, length: int, step: int, pad: bool) -> Windows:
        """The windows of all records; one around the whole of it where one is shorter."""
        last = self.bases - length
        counts = np.where(last < 0, int(pad), -(-last // step) + 1)
        chrom = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
        number = np.arange(len(chrom)) - np.repeat(np.cumsum(counts) - counts, counts)
        start = np.minimum(number * step, np.maximum(last[chrom], 0))
        lengths = np.minimum(length, self.bases[chrom]).astype(np.int32)
        minus, whole = np.zeros(len(chrom), bool), lengths < length
        named = Texts(self.names.blob, self.names.starts[chrom], np.where(whole, self.names.sizes[chrom], 0))
        names = RegionNames(Places(self.names, chrom, start, start + lengths, named, minus))
        inside = np.stack([np.zeros_like(lengths), lengths], axis=1)
        at = self._at[chrom] + start
        windows = Windows(spool, at, names, self.names, chrom, start, lengths, minus, inside)
        return windows.resize(length)
