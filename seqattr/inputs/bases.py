"""Where the codes of windows come from, at places along one line; and many of them at once."""

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import as_strided

from seqattr.dna.alphabet import AMBIGUOUS_CODE, LETTER_CODES, UNKNOWN
from seqattr.errors import InputError
from seqattr.io.fasta.entries import Stale
from seqattr.io.fasta.index import Indexed

Numbers = npt.NDArray[np.int64]
_GAP = 1 << 14  # bases that are read along rather than passed over
_PIECE = 1 << 20  # bases that are looked at together
_ROWS = 1 << 16  # whose places are put in order together


class Bases(Protocol):
    """Letter codes (0 ... 5, above it what is no DNA letter) along one line, for any number of threads."""

    def read(self, begin: int, end: int) -> npt.NDArray[np.uint8]: ...

    def digest(self) -> str:
        """A hash of the bases that windows have."""
        ...


class GenomeBases:
    """The chromosomes of a plain file one behind the other, read when they are asked for."""

    def __init__(self, genome: Indexed) -> None:
        self._genome, self._names = genome, list(genome.sizes)
        self._begins = np.append(0, np.cumsum(list(genome.sizes.values()), dtype=np.int64))
        self._hash = ""

    def begins(self, chroms: Sequence[str]) -> Numbers:
        """Where each of these chromosomes begins; 0 for one that there is not."""
        numbers = dict(zip(self._names, self._begins.tolist(), strict=False))
        return np.array([numbers.get(name, 0) for name in chroms], np.int64)

    def read(self, begin: int, end: int) -> npt.NDArray[np.uint8]:
        """Codes [begin, end). Raises InputError where the file has changed."""
        first = int(np.searchsorted(self._begins, begin, "right")) - 1
        pieces = []
        self._genome.file.check_unchanged()
        while begin < end:
            offset, stop = int(self._begins[first]), min(end, int(self._begins[first + 1]))
            pieces.append(self._letters(self._names[first], begin - offset, stop - offset))
            begin, first = stop, first + 1
        return np.frombuffer(pieces[0] if len(pieces) == 1 else b"".join(pieces), np.uint8)

    def _letters(self, chrom: str, start: int, end: int) -> bytes:
        try:
            return self._genome.letters(chrom, start, end, LETTER_CODES)
        except Stale:
            if not self._hash:
                raise  # it is seen at the start, when all windows are read once
            raise InputError(f"{self._genome.file.path} changed while it was read") from None

    def surveyed(self, content: str) -> None:
        """All windows have been read once, and this is a hash of them."""
        self._hash = content

    def digest(self) -> str:
        return self._hash


class Stretch(NamedTuple):
    """Rows whose bases lie near to each other, all within [begin, end)."""

    rows: npt.NDArray[np.intp]
    begin: int
    end: int


def stretches(begin: Numbers, end: Numbers) -> Iterator[Stretch]:
    """Spans [begin, end) (N,) put together to what is read at once; each row comes once."""
    order = np.argsort(begin, kind="stable")
    begins, ends = begin[order], end[order]
    fresh = np.ones(len(order), bool)
    fresh[1:] = begins[1:] > np.maximum.accumulate(ends)[:-1] + _GAP
    run = begins[fresh][np.cumsum(fresh) - 1] if len(order) else begins
    fresh[1:] |= np.diff((begins - run) // _PIECE) > 0
    first = np.flatnonzero(fresh)
    stop = np.append(first[1:], len(order))[: len(first)]
    reach = np.maximum.reduceat(ends, first) if len(first) else ends
    for a, b, low, high in zip(*(c.tolist() for c in (first, stop, begins[first], reach)), strict=True):
        yield Stretch(order[a:b], low, high)


def gather(bases: Bases, at: Numbers, width: int) -> npt.NDArray[np.uint8]:
    """Letter codes (N, width) from these places (N,) on."""
    codes = np.empty((len(at), width), np.uint8)
    for rows, begin, end in stretches(at, at + width) if width else ():
        content = bases.read(begin, end)
        if len(rows) == 1:
            codes[rows[0]] = content
        else:
            shifted = as_strided(content, (len(content) - width + 1, width), (1, 1), writeable=False)
            codes[rows] = shifted[at[rows] - begin]
    return codes


class Counts(NamedTuple):
    """Of each row's bases (N,): those not known, IUPAC letters among these, and what is no DNA letter."""

    unknown: npt.NDArray[np.int32]
    ambiguous: npt.NDArray[np.int32]
    illegal: npt.NDArray[np.int32]


def survey(
    bases: Bases, at: Numbers, width: npt.NDArray[np.integer], rows: npt.NDArray[np.intp] | None = None
) -> tuple[Counts, str]:
    """What the bases [at, at + width) of some rows, or of all N, hold, each read once, and a hash of them.

    The counts are 0 for other rows.
    """
    counts = np.zeros((3, len(at)), np.int32)
    content_hash = sha256()
    order = np.argsort(at, kind="stable") if rows is None else rows[np.argsort(at[rows], kind="stable")]
    for first in range(0, len(order), _ROWS):
        part = order[first : first + _ROWS]
        for some, begin, end in stretches(at[part], at[part] + width[part]):
            content = bases.read(begin, end)
            content_hash.update(content.data)
            _count(content, begin, part[some], (counts, at, width))
    return Counts(*counts), content_hash.hexdigest()


def _count(
    content: npt.NDArray[np.uint8],
    begin: int,
    rows: npt.NDArray[np.intp],
    columns: tuple[npt.NDArray[np.int32], Numbers, npt.NDArray[np.integer]],
) -> None:
    """What is in the content that begins at a place, into the counts of some rows."""
    counts, at, width = columns
    top, first = int(content.max(initial=0)), at[rows] - begin
    for number, (least, holds) in enumerate(_KINDS):
        if top >= least:
            counts[number, rows] = _within(holds(content), first, first + width[rows])


_KINDS: tuple[tuple[int, Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.bool_]]], ...] = (
    (UNKNOWN, lambda codes: codes >= UNKNOWN),
    (AMBIGUOUS_CODE, lambda codes: codes == AMBIGUOUS_CODE),
    (AMBIGUOUS_CODE + 1, lambda codes: codes > AMBIGUOUS_CODE),
)


def _within(mask: npt.NDArray[np.bool_], begin: Numbers, end: Numbers) -> npt.NDArray[np.int32]:
    """How many are true in each [begin, end)."""
    before = np.append(np.int32(0), np.cumsum(mask, dtype=np.int32))
    difference: npt.NDArray[np.int32] = before[end] - before[begin]
    return difference
