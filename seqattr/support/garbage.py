"""Python's collector of garbage, where it costs a short run more than the run itself.

Importing torch makes hundreds of thousands of objects that are there to stay. The collector goes over them
again and again while they are made, and twice more when the process ends: a third of a short run's time.
"""

import atexit
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def importing() -> Iterator[None]:
    """Imports modules without looking for garbage, then or later, in what they make."""
    modules, collecting = len(sys.modules), gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if len(sys.modules) > modules:
            gc.freeze()
        if collecting:
            gc.enable()


def leave_at_exit() -> None:
    """When the process ends, what is in memory goes with it, unsearched."""
    atexit.unregister(gc.freeze)
    atexit.register(gc.freeze)
