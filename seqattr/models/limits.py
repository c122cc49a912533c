"""How much a model file may unpack to.

It holds about what it weighs; compressed entries, and arrays that were never written, may hold a thousand
times as much.
"""

from pathlib import Path

from seqattr.errors import ModelError

MOST_UNPACKED, LEAST_LIMIT = 16, 2**24  # times the file's size, and bytes


def check_unpacked(path: Path, unpacked: int) -> None:
    """Raises ModelError for far more than the file weighs, before any is unpacked, or read repeatedly."""
    if unpacked > max(LEAST_LIMIT, MOST_UNPACKED * path.stat().st_size):
        raise ModelError(
            f"the entries of {path} would unpack to {unpacked:,} bytes, which no model file's do"
        )
