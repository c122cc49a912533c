"""What is worth keeping from run to run, in the user's cache folder: a small JSON file for each fact.

Nothing hangs on it: where there is no place for it, or a file is broken, the fact is found out anew.
"""

import json
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

ENVIRONMENT = "SEQATTR_CACHE"  # another folder than the user's own


def cache_folder() -> Path | None:
    """$SEQATTR_CACHE, or seqattr in $XDG_CACHE_HOME or ~/.cache; None for a user without a home."""
    if chosen := os.environ.get(ENVIRONMENT, ""):
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME", "")
    try:
        return Path(base or Path.home() / ".cache") / "seqattr"
    except RuntimeError:
        return None


class Fact(NamedTuple):
    """A file for one fact, and whether a value that is read there can be one."""

    path: Path
    fits: Callable[[Any], bool]

    def read(self) -> Any:
        """None where nothing is kept, or it does not fit."""
        try:
            value = json.loads(self.path.read_bytes())
        except (OSError, ValueError, RecursionError):
            return None
        return value if self.fits(value) else None

    def keep(self, value: Any) -> Any:
        """Keep a value unless another process was first: what stands from now on.

        Readers see a whole file or none. What cannot be written is not kept.
        """
        part = self.path.with_name(f".{self.path.name}.{os.getpid()}-{secrets.token_hex(4)}.part")
        try:
            with suppress(OSError):
                self.path.parent.mkdir(parents=True, exist_ok=True)
                part.write_text(json.dumps(value, indent=1) + "\n")
                self._take(part)
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
        first = self.read()
        return value if first is None else first

    def _take(self, part: Path) -> None:
        """A whole file takes the name, unless one that fits has it."""
        try:
            os.link(part, self.path)
        except OSError:  # there is one, or the disk knows no links
            if self.read() is None:
                os.replace(part, self.path)
