"""Children of a process that forks: they have none of its threads, and would wait for them for ever."""

import os
import threading
from functools import cache

from seqattr.engine.numerics import fused, workspace
from seqattr.support import threads


@cache
def expect() -> None:
    """From now on children that are forked compute by themselves; DataLoader's workers always did."""
    os.register_at_fork(after_in_child=compute_alone)


def compute_alone() -> None:
    """One thread: OpenMP waits in a child for the threads of the parent, and so would our own loops."""
    threads.use(1)
    fused.pool.cache_clear()
    workspace.POOL.lock = threading.Lock()
