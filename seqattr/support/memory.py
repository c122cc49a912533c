"""How much memory there is."""

import os
from pathlib import Path

from seqattr.errors import InputError
from seqattr.support import cgroups

UNLIMITED = 2**62
# Of a control group of version 2 and 1: the limit, what is in use, and which of that can be taken back.
FILES = (
    ("memory.max", "memory.current", "inactive_file"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)


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


def cgroup_bytes(root: Path = cgroups.ROOT) -> int:
    """What the limits of a container or a cluster on this job leave."""
    folders = cgroups.folders("memory", root)
    return min((left(group, names) for group in folders for names in FILES), default=UNLIMITED)


def left(group: Path, names: tuple[str, str, str]) -> int:
    """What a group's limit leaves, by these files of it. Of what is in use, files that were read and may be
    forgotten do not count.
    """
    limit, used = (cgroups.number(cgroups.text(group / name)) for name in names[:2])
    if limit is None or used is None:
        return UNLIMITED
    counts = dict(
        line.split()[:2] for line in cgroups.text(group / "memory.stat").splitlines() if " " in line
    )
    return max(0, limit - used + (cgroups.number(counts.get(names[2], "")) or 0))
