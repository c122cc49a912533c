"""How many threads a process computes with: its share of the machine's cores, or as many as it is told.

A share is the smallest of what the kernel, the control groups of a container or a cluster, and Slurm grant
the process; torch alone asks none of the last two.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from math import inf
from pathlib import Path

from seqattr.errors import InputError

OPENMP = "OMP_NUM_THREADS"
# How threads wait for each other at the end of a loop, by OpenMP's own name and that of LLVM's and Intel's
# runtime. They spin unless they are told not to: beside other work on the same cores, each spins away the
# time that the other needs, and the loop takes several times as long as on one thread.
WAITING = {"OMP_WAIT_POLICY": "passive", "KMP_BLOCKTIME": "0"}
ALSO_WAITING = ("GOMP_SPINCOUNT", "KMP_LIBRARY")

_told: list[int] = []  # what `use` was told last


def available() -> int:
    """As many threads as OMP_NUM_THREADS says, or else this process's share of the machine."""
    return _wanted(os.environ) or share()


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


def _wanted(environment: Mapping[str, str]) -> int | None:
    """What the user set for OpenMP: the first of one number for each level of nested loops."""
    return _count(environment.get(OPENMP, "").split(",")[0])


def _count(text: str) -> int | None:
    """A whole number of one or more; None of any other text."""
    return int(text) or None if text.strip().isdecimal() else None


@cache
def share() -> int:
    """How many threads the kernel, control groups and Slurm let this process run at once; one at least."""
    return least_of(cores(), quota(Path("/")), _count(os.environ.get("SLURM_CPUS_PER_TASK", "")))


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


def quota(root: Path) -> float | None:
    """The cores' worth of time that control groups allow, of version 2 and 1, below the file system's root.

    A group's limit holds for all below it. None where nothing is limited.
    """
    limits = [limit for group in _groups(root) for limit in _limits(group) if limit < inf]
    return min(limits, default=None)


def _groups(root: Path) -> Iterator[Path]:
    """The folders of the process's own control groups that may limit its time, and all above each.

    Inside a container the path may be that of the host, of which only the top is there.
    """
    mounts = root / "sys/fs/cgroup"
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers and "cpu" not in controllers.split(","):
            continue
        tops = (controllers, "cpu") if controllers else ("", "unified")
        parts = [part for part in path.split("/") if part and part != ".."]
        for top in tops:
            yield from (mounts.joinpath(top, *parts[:depth]) for depth in range(len(parts) + 1))


def _limits(group: Path) -> Iterator[float]:
    """What a group's files allow, in cores."""
    yield _ratio(*_text(group / "cpu.max").split()[:2])  # of version 2, as in "150000 100000"
    yield _ratio(_text(group / "cpu.cfs_quota_us"), _text(group / "cpu.cfs_period_us"))


def _ratio(quota: str = "", period: str = "") -> float:
    """Microseconds of time within so many of the clock; infinite for "max", -1 and what is not there."""
    time, clock = _count(quota), _count(period)
    return inf if time is None or clock is None else time / clock


def _text(path: Path) -> str:
    """A file's text; none where it cannot be read."""
    try:
        return path.read_text()
    except (OSError, ValueError):
        return ""
