"""How long a form takes on a device."""

import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor

from seqattr.engine.numerics.device import current

Form = Callable[[], Tensor]
Clock = Callable[[str, Form, torch.device], float]  # seconds of a form, by its name

REPEATS = 5
LEAST_SECONDS = 1e-3  # of a measurement: as many calls as that takes
MOST_CALLS = 50


def seconds_of(name: str, form: Form, device: torch.device) -> float:
    """Of a call: the median of a few measurements, each of several calls one after the other, as in a walk.

    The first calls of a form compile it, and do not count.
    """
    with current(device):
        span = by_events if device.type == "cuda" else by_clock
        span(form, 1)
        calls = min(MOST_CALLS, 1 + int(LEAST_SECONDS / max(span(form, 1), 1e-9)))
        return statistics.median(span(form, calls) for _ in range(REPEATS))


def by_events(form: Form, calls: int) -> float:
    """Seconds of a call, as the GPU's own events tell."""
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    start.record()
    for _ in range(calls):
        form()
    end.record()
    end.synchronize()
    return float(start.elapsed_time(end)) / 1e3 / calls


def by_clock(form: Form, calls: int) -> float:
    """The same where a call returns when it is done."""
    start = time.perf_counter()
    for _ in range(calls):
        form()
    return (time.perf_counter() - start) / calls
