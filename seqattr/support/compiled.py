"""Plain loops as machine code, by numba where there is one."""

import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any

try:
    import numba
except ImportError:  # there is none yet for a new Python
    numba: Any = None  # type: ignore[no-redef]

# Whether loops are worth calling; as plain Python they are not.
AVAILABLE = numba is not None and os.environ.get("SEQATTR_NO_NUMBA", "") != "1"


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function as machine code, kept on disk from run to run where there is a place for it."""
    if numba is None:
        return function
    try:
        made = numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:  # neither this folder nor the user's cache can be written
        return numba.njit(nogil=True)(function)
    forgive_full_disks(made)
    return made


def forgive_full_disks(made: Any) -> None:
    """What cannot be kept is compiled again by the next run; numba would fail for it."""
    cache = made._cache
    keep = cache.save_overload

    def save(*args: Any) -> None:
        with suppress(OSError):
            keep(*args)

    cache.save_overload = save
