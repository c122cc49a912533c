"""How many threads a process computes with: its share of the machine's cores, or as many as it is told.

A share is the smallest of what the kernel, the control groups of a container or a cluster, and Slurm grant
the process; torch alone asks none of the last two.
"""

import os
import sys
from collections.abc import Iterator
from functools import cache
from math import inf
from pathlib import Path

from seqattr.errors import InputError
from seqattr.support import cgroups

OPENMP = "OMP_NUM_THREADS"
# How threads wait for each other at the end of a loop, by OpenMP's own name and that of LLVM's and Intel's
# runtime. They spin unless they are told not to: beside other work on the same cores, each spins away the
# time that the other needs, and the loop takes several times as long as on one thread.
WAITING = {"OMP_WAIT_POLICY": "passive", "KMP_BLOCKTIME": "0"}
ALSO_WAITING = ("GOMP_SPINCOUNT", "KMP_LIBRARY")

_told: list[int] = []  # what `use` was told last


def available() -> int:
    """As many threads as OMP_NUM_THREADS says, or else this process's share of the machine."""
    first = os.environ.get(OPENMP, "").split(",")[0]  # of one number for each level of nested loops
    return cgroups.number(first) or share()


def in_use() -> int:
    """How many threads a pool should have: what `use` was told or `available()`, and no more than torch's."""
    number, torch = _told[-1] if _told else available(), sys.modules.get("torch")
    return number if torch is None else min(number, torch.get_num_threads())


def use(number: int) -> None:
    """From now on this process and the children it starts compute with so many threads.

    That holds for torch, whether it is loaded or not, for what else heeds OMP_NUM_THREADS when it is loaded,
    and for pools that ask `in_use`. Raises InputError for none.
    """
    if number < 1:
        raise InputError(f"`threads` must be 1 or more, not {number}")
    _told[:] = [number]
    os.environ[OPENMP] = str(number)
    torch = sys.modules.get("torch")
    if torch is not None:  # it has read the variable already
        torch.set_num_threads(number)


def wait_quietly() -> None:
    """Threads that wait sleep, in libraries that are not loaded yet, unless the user said how they wait."""
    if not any(name in os.environ for name in (*WAITING, *ALSO_WAITING)):
        os.environ.update(WAITING)


# --- the share ---------------------------------------------------------------------------------


@cache
def share() -> int:
    """How many threads the kernel, control groups and Slurm let this process run at once; one at least."""
    return least_of(cores(), quota(), cgroups.number(os.environ.get("SLURM_CPUS_PER_TASK", "")) or None)


def least_of(*limits: float | None) -> int:
    """The smallest of those limits that there are, in whole threads.

    A part of a core is rounded off: a thread more than the share is stopped again and again, and the others
    wait for it.
    """
    return max(1, int(min(limit for limit in limits if limit is not None)))


def cores() -> int:
    """The cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def quota(root: Path = cgroups.ROOT) -> float | None:
    """The cores' worth of time that control groups allow; None where nothing is limited."""
    limits = [limit for group in cgroups.folders("cpu", root) for limit in _limits(group) if limit < inf]
    return min(limits, default=None)


def _limits(group: Path) -> Iterator[float]:
    """What a group's files allow, in cores."""
    yield _ratio(*cgroups.text(group / "cpu.max").split()[:2])  # of version 2, as in "150000 100000"
    yield _ratio(*(cgroups.text(group / f"cpu.cfs_{name}_us") for name in ("quota", "period")))


def _ratio(quota: str = "", period: str = "") -> float:
    """Microseconds of time within so many of the clock; infinite where one of them is not there."""
    time, clock = cgroups.number(quota), cgroups.number(period)
    return time / clock if time and clock else inf
