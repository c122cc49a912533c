"""Values on the way into a bigWig file: stretches of neighbouring bases, checked, and cut at gaps."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from seqattr.errors import InputError


class Stretches(NamedTuple):
    """K stretches of neighbouring bases: their chromosomes by number, their starts and their lengths (K,).

    `values` (all lengths,) lie one stretch behind the other; NaN where there is none.
    """

    chrom: npt.NDArray[np.integer]
    start: npt.NDArray[np.int64]
    length: npt.NDArray[np.int64]
    values: npt.NDArray[np.float32]


def checked(batches: Iterable[Stretches], sizes: Mapping[str, int]) -> Iterator[Stretches]:
    """The batches, once it is seen that stretches lie on their chromosomes and each behind the one before.

    Raises InputError where one does not, or holds an infinity.
    """
    names, ends = [*sizes], np.array([*sizes.values()], np.int64)
    free = np.zeros(1, np.int64)  # the number of a chromosome and a base on it, as one number
    for batch in batches:
        chrom, end = batch.chrom.astype(np.int64) << 32, batch.start + batch.length
        for row in np.flatnonzero((batch.start < 0) | (end > ends[batch.chrom]))[:1].tolist():
            name, size = names[batch.chrom[row]], ends[batch.chrom[row]]
            raise InputError(
                f"{_place(names, batch, row)} lies partly outside {name}, which has {size} bases"
            )
        free = np.concatenate([free[-1:], chrom + end])
        for row in np.flatnonzero(chrom + batch.start < free[:-1])[:1].tolist():
            raise InputError(f"{_place(names, batch, row)} overlaps the one before or is out of order")
        _refuse_infinities(names, batch)
        yield batch


def _refuse_infinities(names: Sequence[str], batch: Stretches) -> None:
    infinite = np.isinf(batch.values)
    if infinite.any():
        row = int(np.searchsorted(np.cumsum(batch.length), np.argmax(infinite), side="right"))
        place = f"{names[batch.chrom[row]]}:{batch.start[row]}"
        raise InputError(f"the track at {place} holds an infinity (as float32)")


def _place(names: Sequence[str], batch: Stretches, row: int) -> str:
    start = batch.start[row]
    return f"the track at {names[batch.chrom[row]]}:{start}-{start + batch.length[row]}"


def known(stretches: Stretches) -> Stretches:
    """Those of the bases that have a value: cut at gaps, and put together where they touch."""
    return _joined(_without_gaps(stretches))


def _without_gaps(stretches: Stretches) -> Stretches:
    missing = np.isnan(stretches.values)
    if not missing.any():
        return _rows(stretches, np.flatnonzero(stretches.length))
    ends = np.cumsum(stretches.length)
    begins = ~missing
    begins[1:] &= missing[:-1]
    first = (ends - stretches.length)[stretches.length > 0]
    begins[first] = ~missing[first]
    begin = np.flatnonzero(begins)
    of = np.searchsorted(ends, begin, side="right")
    start = stretches.start[of] + begin - (ends - stretches.length)[of]
    length = np.add.reduceat(~missing, begin, dtype=np.int64) if len(begin) else begin
    return Stretches(stretches.chrom[of], start, length, stretches.values[~missing])


def _joined(stretches: Stretches) -> Stretches:
    chrom, start, length, values = stretches
    apart = np.ones(len(start), bool)
    apart[1:] = (chrom[1:] != chrom[:-1]) | (start[1:] != (start + length)[:-1])
    if apart.all():
        return stretches
    first = np.flatnonzero(apart)
    return Stretches(chrom[first], start[first], np.add.reduceat(length, first), values)


def _rows(stretches: Stretches, rows: npt.NDArray[np.intp]) -> Stretches:
    """Some of the stretches; the others have no values."""
    chrom, start, length, values = stretches
    return Stretches(chrom[rows], start[rows], length[rows], values)
