"""The files that a command reads: nothing that it writes may take their place.

Which files these are is known within `keeping_inputs` alone, which the command line is run in; a library's
caller may well replace what it has read before.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from seqattr.errors import OutputError

_runs: list[set[tuple[int, int]]] = []  # device and inode of what each run that is under way reads


@contextmanager
def keeping_inputs() -> Iterator[None]:
    """Within the block, whatever `keep` is told of is kept."""
    _runs.append(set())
    try:
        yield
    finally:
        _runs.pop()


def keep(path: Path | str) -> None:
    """A file is an input, under whatever name; a folder, or what is not there, is none."""
    if _runs and os.path.isfile(path):
        _runs[-1].add(_identity(path))


def is_kept(path: Path | str) -> bool:
    """Whether a path leads to an input, by a link or otherwise."""
    return bool(_runs) and os.path.isfile(path) and _identity(path) in _runs[-1]


def refuse_input(path: Path | str, parameter: str = "out") -> None:
    """Raises OutputError for a path, which this parameter gives, that leads to an input."""
    if is_kept(path):
        raise OutputError(
            f"cannot write {path}: it is one of the inputs; write to another place (`{parameter}`)"
        )


def _identity(path: Path | str) -> tuple[int, int]:
    status = os.stat(path)
    return status.st_dev, status.st_ino
