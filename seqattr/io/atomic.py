"""Writing so that a file under its final name is always whole."""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from seqattr.errors import OutputError


def cannot_write(path: Path | str, error: OSError) -> OutputError:
    """The one line that tells why the system would not write a path."""
    reason = os.strerror(error.errno) if error.errno else str(error)
    return OutputError(f"cannot write {path}: {reason}")


@contextmanager
def replacing(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path in the same folder; it takes the final name once the block has succeeded.

    After any exception the temporary file is gone and what stood under the name before is untouched. Raises
    OutputError for whatever the operating system refuses. A link is followed, not replaced.
    """
    final = Path(os.path.realpath(path))
    part = final.with_name(f".{final.name[:100]}.{secrets.token_hex(4)}.part")
    try:
        _refuse_folder(final)
        yield part
        _sync(part)
        os.replace(part, final)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        _remove(part)


def check_writable(folder: Path | str) -> None:
    """Create a folder where it is missing and prove by writing that files can be put there.

    Asking for permissions proves nothing on a full or read-only disk, nor as root. Raises OutputError.
    """
    probe = Path(folder) / f".{secrets.token_hex(4)}.part"
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"seqattr")
    except (FileExistsError, NotADirectoryError) as error:
        raise OutputError(f"cannot write to {folder}: it is, or lies in, a file") from error
    except OSError as error:
        raise cannot_write(folder, error) from error
    finally:
        _remove(probe)


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
        path.unlink(missing_ok=True)
