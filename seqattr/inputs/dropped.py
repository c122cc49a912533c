"""Records and regions that give no window: they end no run, but are counted and listed."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, overload

from seqattr.dna.regions import Region
from seqattr.errors import InputError
from seqattr.io.tables import MISSING, growing_table

_SHOWN = 3
_AT_ONCE = 1 << 12
_PLACE = ("chrom", "start", "end", "strand")


class Dropped(NamedTuple):
    """A record, a region or a line that gave no window: its name, its place where it has one, and why."""

    name: str
    region: Region | None
    reason: str


class _Part(NamedTuple):
    """So many of them, each of which a function tells."""

    number: int
    one: Callable[[int], Dropped]


class DroppedRows(Sequence[Dropped]):
    """What gave no window, in parts whose names and reasons are put into words when they are asked for."""

    def __init__(self, parts: Iterable[_Part] = ()) -> None:
        self._parts = [part for part in parts if part.number]

    @classmethod
    def of(cls, dropped: Sequence[Dropped]) -> "DroppedRows":
        """Of what is known already."""
        return dropped if isinstance(dropped, DroppedRows) else cls.made(len(dropped), dropped.__getitem__)

    @classmethod
    def made(cls, count: int, one: Callable[[int], Dropped]) -> "DroppedRows":
        """So many, of which the function makes each."""
        return cls([_Part(count, one)])

    def __add__(self, other: Sequence[Dropped]) -> "DroppedRows":
        return DroppedRows([*self._parts, *DroppedRows.of(other)._parts])

    def __len__(self) -> int:
        return sum(part.number for part in self._parts)

    @overload
    def __getitem__(self, row: int) -> Dropped: ...
    @overload
    def __getitem__(self, row: slice) -> list[Dropped]: ...
    def __getitem__(self, row: int | slice) -> "Dropped | list[Dropped]":
        if isinstance(row, slice):
            return [self[number] for number in range(len(self))[row]]
        number = range(len(self))[row]
        for part in self._parts:
            if number < part.number:
                break
            number -= part.number
        return part.one(number)

    def __iter__(self) -> Iterator[Dropped]:
        return (part.one(number) for part in self._parts for number in range(part.number))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def phrased(self, phrase: Callable[[str], str]) -> "DroppedRows":
        """With the reasons in somebody's own words."""

        def in_words(part: _Part) -> _Part:
            return _Part(part.number, lambda number: _phrased(part.one(number), phrase))

        return DroppedRows(map(in_words, self._parts))


def _phrased(dropped: Dropped, phrase: Callable[[str], str]) -> Dropped:
    return dropped._replace(reason=phrase(dropped.reason))


def left_out(dropped: Sequence[Dropped], total: int, noun: str, strict: bool, cure: str = "") -> list[str]:
    """A note on what was dropped of so many records or regions (the noun), with what would help.

    Raises InputError with the same where that is all, or in a `strict` run.
    """
    if not dropped:
        return []
    some = some_reasons(dropped)
    if strict or len(dropped) == total:
        raise InputError(
            some if total == 1 else f"{len(dropped)} of {total} {noun} cannot be used: {some}{cure}"
        )
    return [f"{len(dropped)} of {total} {noun} were left out: {some}{cure}"]


def some_reasons(dropped: Iterable[Dropped]) -> str:
    """The first few that differ."""
    reasons: dict[str, None] = {}
    for one in dropped:
        reasons[one.reason] = None
        if len(reasons) > _SHOWN:
            break
    return "; ".join(list(reasons)[:_SHOWN]) + ("; ..." if len(reasons) > _SHOWN else "")


def write_dropped(path: Path, dropped: Sequence[Dropped]) -> None:
    """What gave no window: name, place where it has one, and reason."""
    with growing_table(path, ["name", *_PLACE, "reason"]) as add:
        rows = iter(dropped)
        for first in range(0, len(dropped), _AT_ONCE):
            some = [next(rows) for _ in range(min(_AT_ONCE, len(dropped) - first))]
            columns: dict[str, list[str]] = {"name": [one.name for one in some]}
            for part in _PLACE:
                columns[part] = [str(getattr(one.region, part, MISSING)) for one in some]
            add({**columns, "reason": [one.reason for one in some]})
