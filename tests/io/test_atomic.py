"""A file under its final name is whole, or it is not there."""

import errno
import os
import re
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from seqattr.errors import InputError, OutputError
from seqattr.io.atomic import (
    cannot_write,
    check_file,
    check_writable,
    replacing,
    replacing_all,
    scratch_folder,
    uninterrupted,
)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def write_half(final: Path, error: BaseException) -> None:
    with replacing(final) as part:
        part.write_text("half")
        raise error


def test_the_file_appears_only_at_the_end(tmp_path):
    final = tmp_path / "a.txt"
    with replacing(final) as part:
        assert part.parent == tmp_path
        part.write_text("new")
        assert not final.exists()
    assert final.read_text() == "new"
    assert files(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, InputError])
def test_after_any_exception_the_old_file_stands_and_no_other_is_left(tmp_path, error):
    final = tmp_path / "a.txt"
    final.write_text("old")
    with pytest.raises(error):
        write_half(final, error("stop"))
    assert final.read_text() == "old"
    assert files(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EDQUOT, errno.EIO])
def test_what_the_system_refuses_becomes_one_line(tmp_path, number):
    final = tmp_path / "a.txt"
    with pytest.raises(OutputError) as caught:
        write_half(final, OSError(number, "as some library words it"))
    assert str(caught.value) == f"cannot write {final}: {os.strerror(number)}"
    assert files(tmp_path) == []


def test_an_error_without_a_number_keeps_its_words():
    assert str(cannot_write("x", OSError("odd"))) == "cannot write x: odd"


def test_a_missing_folder_a_folder_and_a_file_as_folder_are_refused(tmp_path):
    (tmp_path / "file").write_text("")
    for path, reason in [
        (tmp_path / "none" / "a", "No such file or directory"),
        (tmp_path, "Is a directory"),
        (tmp_path / "file" / "a", "Not a directory"),
    ]:
        with pytest.raises(OutputError) as caught, replacing(path) as part:
            part.write_text("x")
        assert str(caught.value) == f"cannot write {path}: {reason}"
    assert files(tmp_path) == ["file"]


def test_a_folder_in_the_way_is_found_before_the_work(tmp_path):
    began = False
    with pytest.raises(OutputError), replacing(tmp_path):
        began = True
    assert not began


def test_a_link_is_followed(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with replacing(tmp_path / "link") as part:
        part.write_text("x")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "x"


def test_permissions_are_those_of_any_new_file(tmp_path):
    (tmp_path / "plain").write_text("")
    with replacing(tmp_path / "a") as part:
        part.write_text("")
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


def test_the_longest_name_that_a_folder_takes_still_works(tmp_path):
    final = tmp_path / ("x" * 255)
    with replacing(final) as part:
        part.write_text("")
    assert final.exists()


def test_a_full_disk_is_one_line(with_full_disk, tmp_path):
    out = with_full_disk(
        "from seqattr.io.fasta.records import write_fasta", "write_fasta('a.fa', ['s'], ['A' * 10_000])", 1000
    )
    assert out == "OutputError: cannot write a.fa: File too large"
    assert files(tmp_path) == []


def test_check_writable_creates_the_folder_and_leaves_it_empty(tmp_path):
    folder = tmp_path / "a" / "b"
    check_writable(folder)
    check_writable(folder)
    assert files(folder) == []


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_check_writable_refuses_a_file(tmp_path, place):
    (tmp_path / "file").write_text("kept")
    with pytest.raises(OutputError) as caught:
        check_writable(tmp_path / place)
    assert str(caught.value) == f"cannot write to {tmp_path / place}: it is, or lies in, a file"
    assert (tmp_path / "file").read_text() == "kept"


def test_check_writable_really_writes(with_full_disk):
    out = with_full_disk("from seqattr.io.atomic import check_writable", "check_writable('out')", 0)
    assert out == "OutputError: cannot write out: File too large"


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a file system that takes no files")
def test_check_writable_where_nobody_can_write():
    with pytest.raises(OutputError, match="cannot write /proc/self/new: No such file or directory"):
        check_writable("/proc/self/new")


def test_check_file_creates_the_folder_and_leaves_what_is_there(tmp_path):
    check_file(tmp_path / "new" / "a")
    assert files(tmp_path / "new") == []
    (tmp_path / "a").write_text("old")
    check_file(tmp_path / "a")
    assert (tmp_path / "a").read_text() == "old"


def test_check_file_refuses_a_folder_and_a_file_as_folder(tmp_path):
    (tmp_path / "file").write_text("kept")
    (tmp_path / "link").symlink_to(tmp_path)
    for path, reason in [
        (tmp_path, "Is a directory"),
        (tmp_path / "link", "Is a directory"),
        (tmp_path / "file" / "a", "it is, or lies in, a file"),
    ]:
        with pytest.raises(OutputError, match=reason):
            check_file(path)


# --- what a kill leaves ------------------------------------------------------------------------

KILLED = """
import os, signal, sys
from seqattr.io.atomic import replacing_all
with replacing_all(sys.argv[1], ["a", "b"]) as parts:
    parts["a"].write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


KILLED_IN_SCRATCH = """
import os, signal, sys
from seqattr.io.atomic import scratch_folder
with scratch_folder(sys.argv[1], "work") as scratch:
    (scratch / "a").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_pieces_of_a_killed_process_go_with_the_next_run(tmp_path):
    for _ in range(2):
        subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert len(files(tmp_path)) == 4
    (tmp_path / ".mine.part").write_text("kept")
    check_writable(tmp_path)
    assert files(tmp_path) == [".mine.part"]


def test_pieces_that_somebody_still_writes_stay(tmp_path):
    with replacing_all(tmp_path, ["a", "b"]) as parts, replacing(parts["a"]) as part:
        part.write_text("half")
        for path in parts.values():
            os.utime(path, (0, 0))
        check_writable(tmp_path)
        assert len(files(tmp_path)) == 2
        parts["b"].write_text("b")
    assert files(tmp_path) == ["a", "b"]


def test_a_scratch_folder_is_gone_whatever_happens_and_errors_tell_the_folder_itself(tmp_path):
    with scratch_folder(tmp_path, "work") as scratch:
        (scratch / "a").write_text("half")
        check_writable(tmp_path)  # which another process may call meanwhile
        assert (scratch / "a").read_text() == "half"
    assert files(tmp_path) == []
    with pytest.raises(KeyboardInterrupt), scratch_folder(tmp_path, "work"):
        raise KeyboardInterrupt
    assert files(tmp_path) == []
    with (
        pytest.raises(OutputError, match=re.escape(f"cannot write {tmp_path}/a/b: No such")),
        scratch_folder(tmp_path, "work") as scratch,
        replacing(scratch / "a" / "b"),
    ):
        pytest.fail("there is no folder a")


def test_the_scratch_folder_of_a_killed_process_goes_with_the_next_run(tmp_path):
    subprocess.run([sys.executable, "-c", KILLED_IN_SCRATCH, str(tmp_path)], check=False)
    (left,) = files(tmp_path)
    assert (tmp_path / left / "files" / "a").read_text() == "half"
    check_writable(tmp_path)
    assert files(tmp_path) == []


@pytest.mark.parametrize(("age", "left"), [(0, 1), (3600, 1), (30 * 86400, 0)])
def test_pieces_of_another_machine_go_when_they_are_old(tmp_path, age, left):
    """Nobody here knows whether its process lives, and its lock may not reach here: a run of days goes on."""
    piece = tmp_path / ".a.00000000-1-01234567.part"
    piece.write_text("half")
    os.utime(piece, (time.time() - age,) * 2)
    check_writable(tmp_path)
    assert len(files(tmp_path)) == left


# --- several files -----------------------------------------------------------------------------


def test_all_files_appear_together_the_last_one_last(tmp_path, monkeypatch):
    order = []
    rename = os.replace
    monkeypatch.setattr(os, "replace", lambda a, b: (order.append(Path(b).name), rename(a, b)))
    with replacing_all(tmp_path, ["a", "b", "c"]) as parts:
        for name, part in parts.items():
            part.write_text(name)
        assert len(files(tmp_path)) == 3
        assert all(name.startswith(".") for name in files(tmp_path))
    assert order == ["a", "b", "c"]
    assert {name: (tmp_path / name).read_text() for name in files(tmp_path)} == {"a": "a", "b": "b", "c": "c"}


def write_some(folder: Path, names: list[str], error: BaseException) -> None:
    with replacing_all(folder, names) as parts:
        for name in names[:-1]:
            parts[name].write_text("new")
        raise error


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, OutputError])
def test_after_any_exception_all_old_files_stand(tmp_path, error):
    for name in ("a", "b"):
        (tmp_path / name).write_text("old")
    with pytest.raises(error):
        write_some(tmp_path, ["a", "b", "c"], error("stop"))
    assert {name: (tmp_path / name).read_text() for name in files(tmp_path)} == {"a": "old", "b": "old"}


def test_an_error_about_a_temporary_path_tells_the_final_one(tmp_path):
    with (
        pytest.raises(OutputError) as caught,
        replacing_all(tmp_path, ["a", "b"]) as parts,
        replacing(parts["b"]),
    ):
        raise OSError(errno.ENOSPC, "full")
    assert str(caught.value) == f"cannot write {tmp_path / 'b'}: No space left on device"


def test_a_folder_in_the_place_of_one_of_them_is_found_before_the_work(tmp_path):
    (tmp_path / "b").mkdir()
    with pytest.raises(OutputError, match="b: Is a directory"), replacing_all(tmp_path, ["a", "b"]):
        pytest.fail("the work began")


# --- signals -----------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_waits_for_the_end_of_the_block(number):
    def stop(*_):
        raise KeyboardInterrupt

    done = []

    @uninterrupted()
    def work():
        signal.raise_signal(number)
        signal.raise_signal(number)  # impatient
        done.append("all of it")

    before = signal.signal(number, stop)
    try:
        with pytest.raises(KeyboardInterrupt):
            work()
        assert signal.getsignal(number) is stop
    finally:
        signal.signal(number, before)
    assert done == ["all of it"]


def test_other_threads_and_other_handlers_are_left_alone():
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with uninterrupted():
            assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)
    seen = []

    def elsewhere():
        with uninterrupted():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGINT)]
