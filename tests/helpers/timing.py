"""How long something takes, where a test asks: in time of the processor, and the least of several tries.

A busy machine makes some tries longer and none shorter."""

import gc
import time
from collections.abc import Callable

__all__ = ["least_seconds"]


def least_seconds(act: Callable[[], object], tries: int = 3, enough: float = 0.0) -> float:
    """The least time that `act` takes; once a try takes less than `enough`, no further one is made."""
    found = float("inf")
    for _ in range(tries):
        gc.collect()
        start = time.process_time()
        act()
        found = min(found, time.process_time() - start)
        if found < enough:
            break
    return found
