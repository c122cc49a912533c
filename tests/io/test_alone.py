"""One run at a time in a folder, whatever became of the one before."""

import subprocess
import sys
from pathlib import Path

import pytest

from seqattr.errors import OutputError
from seqattr.io.alone import LOCK, alone_in, holding

KILLED = """
import os, signal, sys
from pathlib import Path
from seqattr.io.alone import alone_in
with alone_in(Path(sys.argv[1])):
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_second_run_is_refused_and_the_first_leaves_nothing(tmp_path: Path) -> None:
    with alone_in(tmp_path):
        with pytest.raises(OutputError, match="another run is at work in"), alone_in(tmp_path):
            pytest.fail("there were two")
        assert (tmp_path / LOCK).exists()
    assert list(tmp_path.iterdir()) == []
    with alone_in(tmp_path), alone_in(tmp_path / "another"):
        pass


def test_a_killed_process_is_in_nobodys_way(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert (tmp_path / LOCK).exists()
    with alone_in(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_lock_that_was_removed_meanwhile_locks_nothing(tmp_path: Path, monkeypatch) -> None:
    """The run before ends between the opening of its file and the locking."""
    lock = tmp_path / "lock"

    def locked(descriptor: int) -> bool:
        lock.unlink()
        return True

    monkeypatch.setattr("seqattr.io.alone.locked", locked)
    with pytest.raises(OutputError, match="another run is at work"), holding(lock, tmp_path):
        pytest.fail("nothing is locked")


def test_where_nothing_can_be_written_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"cannot write .*file"), alone_in(tmp_path / "file"):
        pytest.fail("a file is no folder")
