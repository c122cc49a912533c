"""A million windows in columns, whose codes are read when they are asked for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from seqattr.dna.alphabet import UNKNOWN
from seqattr.dna.places import Places, Rows, picked
from seqattr.inputs.bases import Bases, Numbers, gather, survey
from seqattr.inputs.names import feed
from seqattr.inputs.spool import Spool
from seqattr.inputs.windows import Window
from seqattr.support.packed import Texts

_AT_ONCE = 256


@dataclass(frozen=True, eq=False)
class Windows(Sequence[Window]):
    """Windows in rows, which read as a list of them does, at some 50 bytes each whatever their length.

    Row i has `lengths[i]` bases of `chroms[chrom[i]]` from `start[i]` on, padding included; `inside[i]` are
    the first and the end of those that are no padding. They lie at `at[i]` of `bases`; those on strand '-'
    (`minus`) are `turned` where these lie forward. `counted` is `unknown` where that is known already.
    Windows share an open file: they pass to a forked process, but cannot be pickled.
    """

    bases: Bases
    at: Numbers
    names: Sequence[str]
    chroms: Sequence[str]
    chrom: npt.NDArray[np.int32]
    start: Numbers
    lengths: npt.NDArray[np.int32]
    minus: npt.NDArray[np.bool_]
    inside: npt.NDArray[np.int32]
    turned: bool = True
    counted: npt.NDArray[np.int32] | None = None

    @classmethod
    def of(cls, windows: Sequence[Window]) -> "Windows":
        """The columns of windows; their codes are kept in a spool."""
        if isinstance(windows, Windows):
            return windows
        spool = Spool()
        for window in windows:
            spool.append(window.codes[slice(*window.inside)].tobytes())
        inside = np.array([window.inside for window in windows], np.int32).reshape(-1, 2)
        ends = np.cumsum(inside[:, 1] - inside[:, 0], dtype=np.int64)
        places = Places.of([window.region for window in windows])
        names = Texts.of(window.name for window in windows)
        at, lengths = ends - (inside[:, 1] - inside[:, 0]), np.array([w.length for w in windows], np.int32)
        columns = (names, places.chroms, places.chrom, places.start, lengths, places.minus, inside)
        spool.digest()
        return cls(spool, at, *columns, turned=False)

    # --- as a list -----------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.start)

    @overload
    def __getitem__(self, row: int) -> Window: ...
    @overload
    def __getitem__(self, row: slice) -> "Windows": ...
    def __getitem__(self, row: int | slice) -> "Window | Windows":
        if isinstance(row, slice):
            return self.select(row)
        number = range(len(self))[row]
        return self._window(number, self.codes(np.array([number]))[0])

    def __iter__(self) -> Iterator[Window]:
        for first in range(0, len(self), _AT_ONCE):
            rows = np.arange(first, min(first + _AT_ONCE, len(self)))
            if (self.lengths[rows] == self.lengths[first]).all():
                codes = self.codes(rows)
                yield from (self._window(row, codes[row - first]) for row in rows.tolist())
            else:
                yield from (self[row] for row in rows.tolist())

    def _window(self, row: int, codes: npt.NDArray[np.uint8]) -> Window:
        first, end = self.inside[row].tolist()
        return Window(self.names[row], codes, self.regions[row], (first, end))

    def select(self, rows: Rows) -> "Windows":
        """These rows, by a slice, their numbers or a mask."""
        columns = ("at", "chrom", "start", "lengths", "minus", "inside", "counted")
        chosen = {name: getattr(self, name) for name in columns}
        some: dict[str, Any] = {
            name: None if column is None else column[rows] for name, column in chosen.items()
        }
        return replace(self, names=picked(self.names, rows), **some)

    # --- where they lie ------------------------------------------------------------------------

    @property
    def end(self) -> Numbers:
        """The end (N,) of each row's region."""
        return self.start + self.lengths

    @property
    def summit(self) -> Numbers:
        """The middle (N,) of each row's region."""
        return self.regions.summit

    @cached_property
    def regions(self) -> Places:
        """The region of each row, padding included."""
        return Places(self.chroms, self.chrom, self.start, self.end, self.names, self.minus)

    # --- bases ---------------------------------------------------------------------------------

    def codes(self, rows: Rows) -> npt.NDArray[np.uint8]:
        """The codes (B, L) of rows of one length, as they are scored: 0 ... 3, and 4 for N and padding.

        Several threads may call it at once. Raises ValueError for rows of several lengths, and InputError
        where a file has changed since.
        """
        lengths = np.unique(self.lengths[rows])
        if len(lengths) > 1:
            raise ValueError(f"rows of {lengths.tolist()} bases are no array")
        length, inside = int(lengths.max(initial=0)), self.inside[rows]
        at, turned = self.at[rows], self.minus[rows] & self.turned
        kinds, kind = np.unique(inside, axis=0, return_inverse=True)
        if len(kinds) == 1 and (kinds[0] == (0, length)).all():
            return _as_read(gather(self.bases, at, length), turned)
        codes = np.full((len(inside), length), UNKNOWN, np.uint8)
        for number, (first, end) in enumerate(kinds.tolist()):
            some = np.flatnonzero(kind.ravel() == number)
            codes[some, first:end] = _as_read(gather(self.bases, at[some], end - first), turned[some])
        return codes

    @cached_property
    def unknown(self) -> npt.NDArray[np.int32]:
        """How many (N,) of each row's bases are N; padding does not count."""
        if self.counted is not None:
            return self.counted
        return survey(self.bases, self.at, self.inside[:, 1] - self.inside[:, 0])[0].unknown

    def resize(self, length: int, rows: Rows = slice(None)) -> "Windows":
        """Rows brought to a length around their middle: with N on both sides, or their ends cut off."""
        lengths = self.lengths.copy()
        lengths[rows] = length
        change = lengths - self.lengths
        left = np.where(change > 0, change // 2, -(-change // 2))
        shifted = self.inside + left[:, None]
        inside = np.clip(shifted, 0, lengths[:, None]).astype(np.int32)
        own = self.inside[:, 1] - self.inside[:, 0]
        cut_before = np.clip(inside[:, 0] - shifted[:, 0], 0, own)
        cut_behind = np.clip(shifted[:, 1] - inside[:, 1], 0, own)
        before = np.where(self.minus, change - left, left)
        return replace(
            self,
            at=self.at + np.where(self.minus & self.turned, cut_behind, cut_before),
            start=self.start - before,
            lengths=lengths,
            inside=inside,
            counted=None if cut_before.any() or cut_behind.any() else self.counted,
        )

    def digest(self) -> str:
        """A hash of names, places and bases: another one where any of them is another.

        Bases are hashed as they lie in what was read for these windows, whatever the file's name and date.
        """
        content = blake2b(digest_size=20)
        content.update(f"{self.bases.digest()} {len(self)} {self.turned}".encode())
        for texts in (self.names, self.chroms):
            feed(texts, content.update)
        for column in (self.at, self.chrom, self.start, self.lengths, self.minus, self.inside):
            content.update(np.ascontiguousarray(column).data)
        return content.hexdigest()


def _as_read(codes: npt.NDArray[np.uint8], turned: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    """Letter codes (B, L) as codes, those of turned rows as their reverse complement."""
    reverse = np.minimum(np.uint8(3) - codes[turned, ::-1], UNKNOWN) if turned.any() else None
    np.minimum(codes, UNKNOWN, out=codes)
    if reverse is not None:
        codes[turned] = reverse
    return codes
