"""One run at a time in a folder: it holds a lock there for as long as its process lives."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from seqattr.errors import OutputError
from seqattr.io.atomic import cannot_write, locked

LOCK = ".run.lock"


@contextmanager
def holding(lock: Path, out: Path) -> Iterator[None]:
    """Within the block no other run works in `out` that would hold the file `lock`, which stays. Raises
    OutputError where one does, or the operating system refuses.
    """
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise cannot_write(lock.parent, error) from error
    try:
        if not locked(descriptor) or not _is_still(lock, descriptor):
            raise OutputError(f"another run is at work in {out}; wait for its end, or give another `out`")
        yield
    finally:
        os.close(descriptor)


@contextmanager
def alone_in(out: Path) -> Iterator[None]:
    """Within the block no other run works in a folder, of those that write nothing there before their end:
    they hold a hidden file, which goes with the block. Raises as `holding` does.
    """
    lock = out / LOCK
    with holding(lock, out):
        try:
            yield
        finally:
            with suppress(OSError):
                lock.unlink()


def _is_still(path: Path, descriptor: int) -> bool:
    """Whether a file that is open is the one of this name, and not one that somebody has just removed."""
    with suppress(OSError):
        status, there = os.fstat(descriptor), os.stat(path)
        return (status.st_dev, status.st_ino) == (there.st_dev, there.st_ino)
    return False
