"""A new HDF5 file on a disk that may be full, by a process that may be stopped."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import Any

import h5py

from seqattr.io.atomic import cannot_write, replacing, uninterrupted


class Sink(FileIO):
    """A file whose writing never fails: the first failure is kept, and what is written from then on too.

    HDF5 crashes the process when it cannot write what it holds (on a full disk, at closing), or reads
    something else than it wrote, so it must not notice. Nor may Ctrl-C arrive here: whatever makes HDF5
    write is `uninterrupted`. What it writes before it is stopped is no more than it holds.
    """

    def __init__(self, part: Path, final: Path | str) -> None:
        super().__init__(str(part), "x+")
        self.final = final
        self.failure: BaseException | None = None
        self._unwritten: list[tuple[int, bytes]] = []  # where in the file, and what

    def write(self, data: Any) -> int:
        view, start, done = memoryview(data).cast("B"), self.tell(), 0
        while done < len(view) and self.failure is None:
            done += self._attempt(super().write, view[done:])
        if done < len(view):
            self._unwritten.append((start + done, bytes(view[done:])))
        return len(view)

    def readinto(self, buffer: Any) -> int:
        if self.failure is None:
            return super().readinto(buffer) or 0
        view, start = memoryview(buffer).cast("B"), self.tell()
        super().readinto(view)
        for place, data in self._unwritten:
            first, last = max(start, place), min(start + len(view), place + len(data))
            if first < last:
                view[first - start : last - start] = data[first - place : last - place]
        return len(view)

    def truncate(self, size: int | None = None) -> int:
        self._attempt(super().truncate, size)
        return size or 0

    def check(self) -> None:
        """Raises what it was that failed; OutputError for what the operating system refused."""
        if isinstance(self.failure, OSError):
            raise cannot_write(self.final, self.failure) from self.failure
        if self.failure is not None:
            raise self.failure

    def _attempt(self, action: Callable[[Any], int], argument: Any) -> int:
        try:
            return action(argument)
        except BaseException as failure:
            self.failure = self.failure or failure
            return 0


@contextmanager
def new_file(path: Path | str) -> Iterator[tuple[h5py.File, Sink]]:
    """Yield an HDF5 file that takes its name once the block has succeeded, and its sink.

    Whatever makes HDF5 write is to be `uninterrupted`, and followed by a `check` of the sink.
    """
    with replacing(path) as part, Sink(part, path) as sink:
        file = None
        try:
            with uninterrupted():
                file = h5py.File(sink, "w")
            yield file, sink
        finally:
            with uninterrupted():
                if file is not None:
                    file.close()
        sink.check()
