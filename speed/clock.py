"""Seconds of a call on either device, and on how many threads."""

import os
import sys
import time
from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import nn

T = TypeVar("T")
# A sample is made of as many calls as fill this, so that the clock's own noise is small.
LEAST_SECONDS = 0.1
# How many sequences at once the unit is looked for at.
FORWARD_BATCHES = {"cpu": (1, 4, 16), "cuda": (16, 128, 1024)}


def seconds(run: Callable[[], T], device: torch.device) -> tuple[float, T]:
    """How long a call took, and what it answered.

    On one thread of a CPU these are the process's own seconds, which stand still while others have the core.
    """
    if device.type != "cuda":
        clock = time.process_time if torch.get_num_threads() == 1 else time.perf_counter
        start = clock()
        answer = run()
        return clock() - start, answer
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    torch.cuda.synchronize(device)
    begin.record()
    answer = run()
    end.record()
    torch.cuda.synchronize(device)
    return begin.elapsed_time(end) / 1000, answer


def repeat(run: Callable[[], Any], device: torch.device, calls: int) -> float:
    """Seconds of one of so many calls in a row."""

    def all_calls() -> None:
        for _ in range(calls):
            run()

    return seconds(all_calls, device)[0] / calls


def calls_for(once: float) -> int:
    """How many calls fill a sample, where one takes so many seconds."""
    return max(1, round(LEAST_SECONDS / max(once, 1e-6)))


def forward(module: nn.Module, length: int, device: torch.device) -> Callable[[], float]:
    """A function that measures the unit: seconds of one sequence forward, at the best batch size."""

    def seconds_of_one(batch: int) -> float:
        try:
            return per_row(batch)
        except torch.OutOfMemoryError:
            return float("inf")

    def per_row(batch: int) -> float:
        rows = torch.zeros(batch, 4, length, device=device)
        with torch.no_grad():
            once, _ = seconds(lambda: module(rows), device)
            return repeat(lambda: module(rows), device, calls_for(once)) / batch

    batches = FORWARD_BATCHES[device.type]
    best = min(batches, key=seconds_of_one)
    return lambda: seconds_of_one(best)


def use_threads(number: int) -> None:
    """This many threads in torch, and in numba where a tool has loaded it."""
    torch.set_num_threads(number)
    if "numba" in sys.modules:
        numba = sys.modules["numba"]
        numba.set_num_threads(min(number, numba.config.NUMBA_NUM_THREADS))


def all_threads() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
