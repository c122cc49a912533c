"""Which files of an earlier run have to go."""

import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from seqattr.io.kept import is_kept


def drop_stale(folder: Path, names: Iterable[str], pattern: str) -> None:
    """Remove a folder's files whose whole name fits the pattern, as a run's own do, unless among `names`.

    Best effort: a file that cannot be removed stays, and no link of a new page leads to it.
    """
    kept = set(names)
    for path in folder.iterdir():
        if re.fullmatch(pattern, path.name) and path.name not in kept and not is_kept(path):
            with suppress(OSError):
                path.unlink()
