"""A new HDF5 file on a disk that may be full, by a process that may be stopped."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import h5py

from seqattr.io.atomic import cannot_write, replacing, uninterrupted


class Sink(FileIO):
    """A file whose writing never fails: the first failure is kept, and what is written from then on too.

    HDF5 crashes the process when it cannot write what it holds (on a full disk, at closing), or reads
    something else than it wrote, so it must not notice. Nor may Ctrl-C arrive here: whatever makes HDF5
    write is `uninterrupted`. What it writes before it is stopped is no more than it holds.
    """

    def __init__(self, part: Path, final: Path | str) -> None:
        super().__init__(str(part), "w+")
        self.final = final
        self.failure: BaseException | None = None
        self._unwritten: list[tuple[int, bytes]] = []  # where in the file, and what

    def write(self, data: Any) -> int:
        """All of the data, as far as HDF5 can tell."""
        view, start, done = memoryview(data).cast("B"), self.tell(), 0
        while done < len(view) and self.failure is None:
            done += self._attempt(super().write, view[done:])
        if done < len(view):
            self._unwritten.append((start + done, bytes(view[done:])))
        return len(view)

    def readinto(self, buffer: Any) -> int:
        """What was written, also what the system would not take."""
        if self.failure is None:
            return super().readinto(buffer) or 0
        view, start = memoryview(buffer).cast("B"), self.tell()
        super().readinto(view)
        for offset, data in self._unwritten:
            first, last = max(start, offset), min(start + len(view), offset + len(data))
            if first < last:
                view[first - start : last - start] = data[first - offset : last - offset]
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


class FileWriter(ABC):
    """Context manager that lays out a new HDF5 file, is given what goes in, and looks whether that was all.

    The file takes its name only when the block ends well.
    """

    _file: h5py.File
    _sink: Sink

    def __init__(self, path: Path | str) -> None:
        self._path = path
        self._stack = ExitStack()

    @abstractmethod
    def _lay_out(self) -> None:
        """What there is before anything is written; `uninterrupted`."""

    def _check_complete(self) -> None:  # noqa: B027 - most files need not be complete
        """Raises OutputError where something was never given."""

    def __enter__(self) -> Self:
        self._file, self._sink = self._stack.enter_context(new_file(self._path))
        try:
            self._lay_out()
        except BaseException as error:
            self.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._stack:
            if error is not None:
                raise error
            self._check_complete()
