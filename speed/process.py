"""What a process needs at most: memory above what it held when its inputs were loaded."""

import ctypes
import gc
import resource
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from os import environ
from pathlib import Path
from typing import Any

import torch

STATUS = Path("/proc/self/status")
ROOT = Path(__file__).parents[1]


def run(code: str, arguments: Sequence[str], threads: int) -> str:
    """The last line that a piece of Python prints, in a process of its own with so many threads.

    Raises RuntimeError with the end of what it said where it fails.
    """
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=own_environment(threads), check=False)
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["no message"])[-1])
    return (done.stdout.strip().splitlines() or [""])[-1]


def own_environment(threads: int) -> Mapping[str, str]:
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
    return {**environ, "PYTHONPATH": str(ROOT), **dict.fromkeys(names, str(threads))}


def peak_of(call: Callable[[], Any], device: torch.device) -> int:
    """Bytes that a call needs at most, above what is held before it."""
    if device.type == "cuda":
        before = torch.cuda.memory_allocated(device)
        torch.cuda.reset_peak_memory_stats(device)
        call()
        return torch.cuda.max_memory_allocated(device) - before
    give_back()
    before = status("VmRSS")
    forget_peak()
    call()
    return peak_bytes() - before


def peak_bytes() -> int:
    """The most memory that this process has held: its own record, into which no parent's size leaks."""
    if STATUS.exists():
        return status("VmHWM")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def status(field: str) -> int:
    """A size in bytes from the kernel's account of this process; 0 where there is none."""
    if not STATUS.exists():
        return 0
    lines = dict(line.split(":", 1) for line in STATUS.read_text().splitlines())
    return int(lines[field].split()[0]) * 1024


def give_back() -> None:
    """What was freed goes back to the system, so that it does not hide what is needed next."""
    gc.collect()
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)


def forget_peak() -> None:
    """Start the record of the peak anew."""
    if STATUS.exists():
        Path("/proc/self/clear_refs").write_text("5")
