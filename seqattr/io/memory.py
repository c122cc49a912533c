"""How much memory there is."""

import os
from pathlib import Path


def free_bytes() -> int:
    """What the machine and a cluster's limit on this job leave, in bytes."""
    return min(machine_bytes(), cgroup_bytes())


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
