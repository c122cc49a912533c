"""Bytes from any place of a file."""

import os
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest

from seqattr.errors import InputError
from seqattr.io.random_access import RandomAccess

CONTENT = bytes(range(256)) * 40


@pytest.fixture(params=["pread", "a lock"])
def file(request, tmp_path, monkeypatch):
    if request.param == "a lock":
        monkeypatch.delattr(os, "pread")
    (tmp_path / "a").write_bytes(CONTENT)
    return RandomAccess(tmp_path / "a")


def test_threads_read_what_is_there(file):
    places = [(offset, size) for offset in range(0, len(CONTENT) + 50, 37) for size in (0, 1, 300)]
    with ThreadPoolExecutor(4) as threads:
        read = list(threads.map(lambda place: file.read(*place), places))
    assert read == [CONTENT[offset : offset + size] for offset, size in places]


def test_all_comes_however_little_the_system_hands_out_at_once(file, monkeypatch):
    monkeypatch.setattr(
        "seqattr.io.random_access._pread", lambda _file, size, offset: CONTENT[offset : offset + min(size, 7)]
    )
    assert file.read(5, 100) == CONTENT[5:105]
    assert file.read(len(CONTENT) - 10, 100) == CONTENT[-10:]


def test_a_file_that_changes_is_found_out(file, tmp_path):
    file.check_unchanged()
    (tmp_path / "a").write_bytes(CONTENT + b"x")
    with pytest.raises(InputError, match="a changed while it was read"):
        file.check_unchanged()


def test_it_is_closed_when_nobody_has_it_any_longer(tmp_path):
    (tmp_path / "a").write_bytes(b"x")
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else None
    if before is None:
        pytest.skip("no list of open files")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(20):
            RandomAccess(tmp_path / "a")
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"cannot read .*none: No such file"):
        RandomAccess(tmp_path / "none")
