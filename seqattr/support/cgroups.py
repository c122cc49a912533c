"""The control groups by which a container or a cluster limits a process, of version 2 and 1.

A group's limit holds for all below it: what counts is the tightest from the process's own to the top.
"""

from collections.abc import Iterator
from pathlib import Path

ROOT = Path("/")


def folders(controller: str, root: Path = ROOT) -> Iterator[Path]:
    """The folders of this process's own groups of a controller ("cpu", "memory"), and of all above them, in a
    file system with this root.

    Inside a container a group's path may be that of the host, of which only the top is there.
    """
    mounts = root / "sys/fs/cgroup"
    for line in text(root / "proc/self/cgroup").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers and controller not in controllers.split(","):
            continue
        tops = (controllers, controller) if controllers else ("", "unified")
        parts = [part for part in path.split("/") if part and part != ".."]
        for top in tops:
            yield from (mounts.joinpath(top, *parts[:depth]) for depth in range(len(parts) + 1))


def text(path: Path) -> str:
    """A file's text; none where it cannot be read."""
    try:
        return path.read_text()
    except (OSError, ValueError):
        return ""


def number(text: str) -> int | None:
    """A whole number; None for "max", -1 and any other text."""
    return int(text) if text.strip().isdecimal() else None
