"""What a folder holds at every moment at which a process may be killed while its files take their names."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def states(folder: Path, copies: Path) -> Iterator[list[Path]]:
    """Yield a list of copies of a folder, which the block adds to: one before each rename into it, as a kill
    would leave it then.
    """
    found: list[Path] = []
    replace = os.replace

    def kept(source: Path, target: Path) -> None:
        if folder in Path(os.path.realpath(target)).parents:
            found.append(copies / str(len(found)))
            shutil.copytree(folder, found[-1])
        replace(source, target)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "replace", kept)
        yield found


def told_apart(found: list[Path]) -> list[Path]:
    """Those that hold other files than the one before; temporary ones do not count."""
    contents = [contents_of(path) for path in found]
    return [
        path for number, path in enumerate(found) if number == 0 or contents[number] != contents[number - 1]
    ]


def contents_of(folder: Path) -> dict[str, bytes]:
    """Each file by its path, but for temporary ones and what differs from run to run."""
    paths = [path for path in folder.rglob("*") if path.is_file() and path.name != "timing.json"]
    names = {path.relative_to(folder).as_posix(): path for path in paths}
    return {
        name: path.read_bytes()
        for name, path in sorted(names.items())
        if not name.startswith(".") and "/." not in name
    }
