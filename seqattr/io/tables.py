"""Tables as text with tabs, one line per row."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from seqattr.errors import OutputError
from seqattr.io.atomic import replacing

_ROWS_AT_ONCE = 1 << 13
MISSING = "NA"


def write_table(path: Path | str, columns: Mapping[str, Sequence[Any]], header: bool = True) -> None:
    """Write columns of one length under their names, whole or not at all.

    Numbers have six digits, NaN is NA, and blanks within a text become one space. Raises OutputError where
    the columns differ in length or the file cannot be written.
    """
    lengths = {len(values) for values in columns.values()}
    if len(lengths) != 1:
        raise OutputError(f"cannot write {path}: its columns have {sorted(lengths)} rows")
    with growing_table(path, list(columns) if header else ()) as add:
        for first in range(0, lengths.pop(), _ROWS_AT_ONCE):
            add({name: values[first : first + _ROWS_AT_ONCE] for name, values in columns.items()})


@contextmanager
def growing_table(
    path: Path | str, names: Sequence[str]
) -> Iterator[Callable[[Mapping[str, Sequence[Any]]], None]]:
    """Yield a function that adds rows, given as columns; the table takes its name at the end.

    Without names there is no header. Raises OutputError where the file cannot be written.
    """
    with replacing(path) as part, open(part, "w", encoding="utf-8", newline="\n") as file:
        if names:
            file.write("\t".join(names) + "\n")
        yield lambda columns: file.writelines(_lines(columns))


def _lines(columns: Mapping[str, Sequence[Any]]) -> Iterator[str]:
    texts = [_texts(values) for values in columns.values()]
    return ("\t".join(line) + "\n" for line in zip(*texts, strict=True))


def _texts(values: Sequence[Any]) -> list[str]:
    """By the kind of the whole column, which is much faster than cell by cell."""
    array = np.asarray(values)
    if array.dtype.kind == "f":
        return [f"{value:.6g}" if value == value else MISSING for value in array.tolist()]
    if array.dtype.kind in "iub":
        return list(map(str, array.tolist()))
    return [" ".join(str(value).split()) or "." for value in values]
