"""Records and regions that give no window: they end no run, but are counted and listed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from seqattr.dna.regions import Region
from seqattr.errors import InputError
from seqattr.io.tables import MISSING, write_table

_SHOWN = 3


class Dropped(NamedTuple):
    """A record, a region or a line that gave no window: its name, its place where it has one, and why."""

    name: str
    region: Region | None
    reason: str


def left_out(dropped: Sequence[Dropped], total: int, noun: str, strict: bool, cure: str = "") -> list[str]:
    """A note on what was dropped of so many records or regions (the noun), with what would help.

    Raises InputError with the same where that is all, or in a `strict` run.
    """
    if not dropped:
        return []
    reasons = list(dict.fromkeys(one.reason for one in dropped))
    some = "; ".join(reasons[:_SHOWN]) + ("; ..." if len(reasons) > _SHOWN else "")
    if strict or len(dropped) == total:
        raise InputError(
            some if total == 1 else f"{len(dropped)} of {total} {noun} cannot be used: {some}{cure}"
        )
    return [f"{len(dropped)} of {total} {noun} were left out: {some}{cure}"]


def write_dropped(path: Path, dropped: Sequence[Dropped]) -> None:
    """What gave no window: name, place where it has one, and reason."""
    regions = [one.region for one in dropped]
    columns: dict[str, Sequence[Any]] = {"name": [one.name for one in dropped]}
    for part in ("chrom", "start", "end", "strand"):
        columns[part] = [str(getattr(region, part, MISSING)) for region in regions]
    write_table(path, {**columns, "reason": [one.reason for one in dropped]})
