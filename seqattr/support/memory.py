"""How much memory there is."""

import os
from pathlib import Path

from seqattr.errors import InputError


def free_bytes() -> int:
    """What the machine and a cluster's limit on this job leave, in bytes."""
    return min(machine_bytes(), cgroup_bytes())


def check_room(path: Path | str, size: int) -> None:
    """Raise InputError where what a file says that it holds, in bytes, is more than that."""
    if size > free_bytes():
        raise InputError(f"{path} holds {size / 1e9:,.0f} GB of numbers, more than there is memory for")


def machine_bytes() -> int:
    """What the kernel says is available."""
    try:
        with open("/proc/meminfo") as lines:
            table = dict(line.split(":") for line in lines)
        return int(table["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):  # not Linux
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


def cgroup_bytes() -> int:
    """What a cluster's limit on this job leaves."""
    try:
        limit = int(Path("/sys/fs/cgroup/memory.max").read_text())
        return limit - int(Path("/sys/fs/cgroup/memory.current").read_text())
    except (OSError, ValueError):  # no limit
        return 2**62
