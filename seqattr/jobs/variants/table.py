"""The table of variants: a row for each variant and target, streamed; p-values come in a second pass."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from seqattr.analyses.variants import VariantEffects
from seqattr.io.tables import MISSING, growing_table
from seqattr.jobs.variants.null import Null
from seqattr.jobs.variants.windows import Cut, Dropped

PLACE = ("chrom", "start", "end", "ref", "alt", "name")
COLUMNS = (
    *PLACE,
    *("target", "unit", "reference", "alternative", "difference"),
    *("reference_value", "alternative_value", "log2_ratio"),
)
CHANCE = ("p_value", "q_value")
_LINES_AT_ONCE = 1 << 12
Add = Callable[[Mapping[str, Sequence[Any]]], None]


@contextmanager
def growing_variants(path: Path, chance: bool = False) -> Iterator[Add]:
    """Yield what adds rows to the table; it takes its name at the end."""
    with growing_table(path, [*COLUMNS, *(CHANCE if chance else ())]) as add:
        yield add


@contextmanager
def growing_dropped(path: Path) -> Iterator[Callable[[Sequence[Dropped]], None]]:
    """Yield what adds rows that were left out."""
    with growing_table(path, ["line", *PLACE, "kind", "reason"]) as add:

        def lines(dropped: Sequence[Dropped]) -> None:
            rows = [one.row for one in dropped]
            starts = [MISSING if row.position is None else str(row.position) for row in rows]
            ends = [MISSING if r.position is None else str(r.position + bases_in(r.ref)) for r in rows]
            columns: dict[str, Sequence[Any]] = {"line": [row.line for row in rows]}
            columns |= {"chrom": [row.chrom for row in rows], "start": starts, "end": ends}
            columns |= {name: [getattr(row, name) for row in rows] for name in ("ref", "alt", "name")}
            add({**columns, "kind": [one.kind for one in dropped], "reason": [row.reason for row in rows]})

        yield lines


def bases_in(allele: str) -> int:
    """Of an allele as tables have it."""
    return 0 if allele in ("-", ".") else len(allele)


def rows_of(cuts: Sequence[Cut], effects: VariantEffects) -> dict[str, Sequence[Any]]:
    """A row for each variant and target, variants in order."""
    targets = len(effects.targets)
    variants = [cut.variant for cut in cuts for _ in range(targets)]
    columns: dict[str, Sequence[Any]] = {
        "chrom": [variant.chrom for variant in variants],
        "start": [variant.start for variant in variants],
        "end": [variant.end for variant in variants],
        "ref": [variant.ref or "-" for variant in variants],
        "alt": [variant.alt or "-" for variant in variants],
        "name": [variant.name for variant in variants],
        "target": list(effects.targets) * len(cuts),
        "unit": list(effects.units) * len(cuts),
    }
    numbers = zip(VariantEffects._fields[2:], effects[2:], strict=True)
    return columns | {name: _digits(values.T.numpy()) for name, values in numbers}


def _digits(values: np.ndarray) -> list[str]:
    """As many as a float32 holds; a float64 is longer, and is rounded."""
    return [f"{value:.9g}" if value == value else MISSING for value in values.ravel().tolist()]


# --- the second pass -------------------------------------------------------------------------------


def lines_of(path: Path) -> Iterator[dict[str, list[str]]]:
    """The rows of a table of variants, some at a time, as columns."""
    with open(path, encoding="utf-8") as file:
        names = next(file).rstrip("\n").split("\t")
        rows: list[list[str]] = []
        for line in file:
            rows.append(line.rstrip("\n").split("\t"))
            if len(rows) == _LINES_AT_ONCE:
                yield dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
                rows = []
        if rows:
            yield dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


def add_chance(path: Path, null: Null) -> None:
    """Give the table p- and q-values, by effects in shuffled windows."""
    for columns in lines_of(path):
        null.count(columns["target"], np.array(columns["difference"], float))
    null.finish()
    with growing_variants(path, chance=True) as add:
        for columns in lines_of(path):
            p_value, q_value = null.values(columns["target"], np.array(columns["difference"], float))
            add({**columns, "p_value": p_value.tolist(), "q_value": q_value.tolist()})
