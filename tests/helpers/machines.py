"""File systems with the control groups of a process, as kernels and clusters write them."""

from pathlib import Path


def machine(root: Path, groups: str | None, files: dict[str, str]) -> Path:
    """A file system with the control groups of this process, and files below /sys/fs/cgroup."""
    written = {f"sys/fs/cgroup/{name}": text for name, text in files.items()}
    if groups is not None:
        written["proc/self/cgroup"] = groups
    for name, text in written.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root
