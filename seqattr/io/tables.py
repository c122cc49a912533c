"""Tables as text with tabs, one line per row."""

import gzip
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from seqattr.errors import OutputError
from seqattr.io.atomic import replacing

_ROWS_AT_ONCE = 1 << 13
MISSING = "NA"
_LEVEL = 4  # of gzip: half the time of the usual 6, and a few percent more


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
    path: Path | str, names: Sequence[str], packed: bool = False
) -> Iterator[Callable[[Mapping[str, Sequence[Any]]], None]]:
    """Yield a function that adds rows, given as columns; the table takes its name at the end.

    Without names there is no header; `packed` by gzip. Raises OutputError where the file cannot be written.
    """
    with replacing(path) as part, _opened(part, packed) as file:
        if names:
            file.write("\t".join(names) + "\n")
        yield lambda columns: file.writelines(_lines(columns))


@contextmanager
def _opened(path: Path, packed: bool) -> Iterator[TextIO]:
    """To be written as text; what is packed tells neither when nor under which name."""
    with open(path, "wb") as raw:
        if not packed:
            with io.TextIOWrapper(raw, "utf-8", newline="\n") as text:
                yield text
            return
        with (
            gzip.GzipFile("", "wb", _LEVEL, raw, mtime=0) as archive,
            io.TextIOWrapper(archive, "utf-8") as text,
        ):
            yield text


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
