"""Writing so that a file under its final name is always whole."""

import errno
import os
import re
import secrets
import shutil
import signal
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from seqattr.errors import OutputError
from seqattr.io.kept import refuse_input

try:
    import fcntl
except ImportError:  # no Unix
    fcntl = None  # type: ignore[assignment]


def cannot_write(path: Path | str, error: OSError) -> OutputError:
    """The one line that tells why the system would not write a path."""
    reason = os.strerror(error.errno) if error.errno else str(error)
    return OutputError(f"cannot write {path}: {reason}")


@contextmanager
def replacing(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path in the same folder; it takes the final name once the block has succeeded.

    After any exception the temporary file is gone and what stood under the name before is untouched. Raises
    OutputError for whatever the operating system refuses. A link is followed, not replaced. The temporary
    file is empty and locked, which tells others that somebody still writes it.
    """
    final = Path(os.path.realpath(path))
    if _PART.fullmatch(final.name):  # it is a temporary file already, whose final name waits for others
        with _refusals(path):
            yield final
            _sync(final)
        return
    part = final.with_name(_part_name(final.name))
    try:
        with _refusals(path):
            _refuse_folder(final)
            refuse_input(path)
            with _new_locked_file(part):
                yield part
                _sync(part)
                os.replace(part, final)
    finally:
        _remove(part)


@contextmanager
def _refusals(path: Path | str) -> Iterator[None]:
    """What the operating system refuses, as an OutputError about this path."""
    try:
        yield
    except OSError as error:
        raise cannot_write(path, error) from error


@contextmanager
def replacing_all(
    folder: Path | str,
    names: Sequence[str],
    begin: Callable[[Mapping[str, Path]], object] | None = None,
) -> Iterator[dict[str, Path]]:
    """Yield a temporary path for each name; all take their names once the block has succeeded, the last last.

    As `replacing` does it for one; an OutputError about a temporary path tells the final one. `begin` is
    called with the paths when all are whole, before the first takes its name. From then on Ctrl-C waits.
    """
    with ExitStack() as stack:
        parts = {name: stack.enter_context(replacing(Path(folder) / name)) for name in reversed(names)}
        try:
            yield parts
        except OutputError as error:
            line = str(error)
            for name, part in parts.items():
                line = line.replace(str(part), str(Path(folder) / name))
            raise OutputError(line) from error
        for name, part in parts.items():
            with _refusals(Path(folder) / name):
                _sync(part)
        with uninterrupted():
            if begin is not None:
                begin(parts)
            stack.close()


@contextmanager
def scratch_folder(folder: Path | str, name: str) -> Iterator[Path]:
    """Yield a new hidden folder in a folder, which is gone after the block with all that is in it.

    An OutputError about a file in it tells the folder's; what a kill leaves goes by `check_writable`. Raises
    OutputError where the operating system refuses.
    """
    part = Path(folder) / _part_name(name)
    files = part / "files"
    try:
        with _refusals(folder):
            part.mkdir()
            with _new_locked_file(part / _LOCK):
                files.mkdir()
                yield files
    except OutputError as error:
        raise OutputError(str(error).replace(str(files), str(folder))) from error
    finally:
        with uninterrupted():
            _remove(part)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Ctrl-C and a polite kill wait until the block, or the function it decorates, is done.

    For a library that calls Python back and cannot stand an exception there. Python runs its handlers in
    the main thread alone, so that in any other there is nothing to do.
    """
    main = threading.current_thread() is threading.main_thread()
    numbers = (signal.SIGINT, signal.SIGTERM) if main else ()
    handlers = {number: handler for number in numbers if callable(handler := signal.getsignal(number))}
    waiting: list[int] = []
    for number in handlers:
        signal.signal(number, lambda number, _: waiting.append(number))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for first in waiting[:1]:
            signal.raise_signal(first)


def check_writable(folder: Path | str) -> None:
    """Create a folder where it is missing and prove by writing that files can be put there.

    What runs that were killed left half-written in it goes.
    Asking for permissions proves nothing on a full or read-only disk, nor as root. Raises OutputError.
    """
    probe = Path(folder) / f".{secrets.token_hex(4)}.part"
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        remove_abandoned(folder)
        probe.write_bytes(b"seqattr")
    except (FileExistsError, NotADirectoryError) as error:
        broken = Path(folder).is_symlink() and not Path(folder).exists()
        why = "it is a link to what is not there" if broken else "it is, or lies in, a file"
        raise OutputError(f"cannot write to {folder}: {why}") from error
    except OSError as error:
        raise cannot_write(folder, error) from error
    finally:
        _remove(probe)


@contextmanager
def removed_if_unused(folder: Path | str) -> Iterator[None]:
    """Where the block makes a folder and fails, and nothing lies in it, it is gone again."""
    before = Path(folder).exists()
    try:
        yield
    except BaseException:
        if not before:
            with suppress(OSError):
                Path(folder).rmdir()
        raise


def check_file(path: Path | str) -> None:
    """Prove that a file can be put under this name: `check_writable` for its folder, and no folder has it.

    Raises OutputError.
    """
    check_name(path)
    check_writable(Path(os.path.realpath(path)).parent)


def check_name(path: Path | str) -> None:
    """That no folder and no input has this name. Raises OutputError."""
    with _refusals(path):
        _refuse_folder(Path(os.path.realpath(path)))
        refuse_input(path)


# --- what a kill leaves -------------------------------------------------------------------------

HERE = f"{zlib.crc32(socket.gethostname().encode()):08x}"  # this machine, in the name of a temporary file
_LOCK = "lock"  # of a temporary folder
_PART = re.compile(r"\..+\.([0-9a-f]{8})-(\d+)-[0-9a-f]{8}\.part")
# Another machine's locks may not reach here (NFS, Lustre), and what is written at the end of a run lies there
# untouched until then: only what is older than any run is abandoned for sure.
_SECONDS = 7 * 24 * 3600.0


def _part_name(name: str) -> str:
    """A new name for what is temporary; a long one is cut."""
    return f".{name[:100]}.{HERE}-{os.getpid()}-{secrets.token_hex(4)}.part"


def remove_abandoned(folder: Path | str) -> None:
    """Remove the temporary files and folders of processes that are gone, as far as locks tell."""
    for part in Path(folder).glob(".*.part"):
        name = _PART.fullmatch(part.name)
        if name is not None and _is_abandoned(part, name[1], int(name[2])):
            _remove(part)


def _is_abandoned(part: Path, machine: str, process: int) -> bool:
    """Whether nobody locks it and its process is gone; on another machine, whether it is old."""
    try:
        with open(part / _LOCK if part.is_dir() else part, "rb") as file:
            if not locked(file.fileno(), without_locks=False):
                return False
            old = time.time() - os.fstat(file.fileno()).st_mtime > _SECONDS
    except OSError:
        return False
    return not _alive(process) if machine == HERE else old


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


@contextmanager
def _new_locked_file(part: Path) -> Iterator[None]:
    """A new empty file, locked for as long as the block runs or until the process is gone."""
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        locked(descriptor)
        yield
    finally:
        os.close(descriptor)


def locked(descriptor: int, without_locks: bool = True) -> bool:
    """Lock a file for as long as it is open; False where another process has it. Where the system, or the
    file system, knows no locks, the answer is as it is said.
    """
    if fcntl is None:
        return without_locks
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return without_locks and error.errno not in (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES)
    return True


def _refuse_folder(path: Path) -> None:
    """Found out now rather than after hours of computing."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))


def _sync(path: Path) -> None:
    """Some file systems report a full disk only here."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(path: Path) -> None:
    """Best effort: where the folder was never one, or is gone, there is nothing to remove."""
    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
