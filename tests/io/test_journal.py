"""A journal holds what was added whole, whatever became of the rest."""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from seqattr.errors import InputError, OutputError
from seqattr.io.journal import Journal, appending


def records(path, verify=True):
    journal = Journal(path, verify)
    try:
        return {number: journal.read(number) for number in journal.records}
    finally:
        journal.close()


def add(path, contents):
    with appending(path) as journal:
        for number, content in contents.items():
            journal.add(number, [content])


def test_what_was_added_is_read_again_whole_and_in_parts(tmp_path):
    with appending(tmp_path / "j") as journal:
        journal.add(7, [b"one", memoryview(np.arange(3, dtype=np.int64)).cast("B")])
        journal.add(0, [b""])
    journal = Journal(tmp_path / "j")
    assert journal.read(7) == b"one" + np.arange(3).tobytes()
    assert journal.read(7, 3, 8) == bytes(8)
    assert journal.read(0) == b""
    journal.close()


def test_several_threads_may_add_and_read(tmp_path):
    contents = {number: os.urandom(1000 + number) for number in range(50)}
    with appending(tmp_path / "j") as journal, ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda item: journal.add(item[0], [item[1]]), contents.items()))
        assert dict(zip(contents, pool.map(journal.journal.read, contents), strict=True)) == contents
    assert records(tmp_path / "j") == contents


def test_a_journal_cut_off_anywhere_holds_what_is_whole_and_takes_more(tmp_path):
    contents = {3: b"abc" * 20, 1: b"x", 2: bytes(40)}
    add(tmp_path / "whole", contents)
    whole = (tmp_path / "whole").read_bytes()
    seen = set()
    for size in range(len(whole) + 1):
        (tmp_path / "cut").write_bytes(whole[:size])
        kept = records(tmp_path / "cut")
        seen.add(tuple(kept))
        assert kept == {number: contents[number] for number in kept}
        add(tmp_path / "cut", {number: contents[number] for number in contents if number not in kept})
        assert (tmp_path / "cut").read_bytes() == whole
    assert seen == {(), (3,), (3, 1), (3, 1, 2)}


def test_a_record_that_was_changed_is_not_read_nor_any_behind_it(tmp_path):
    add(tmp_path / "j", {0: b"first", 1: b"second", 2: b"third"})
    content = (tmp_path / "j").read_bytes()
    (tmp_path / "j").write_bytes(content.replace(b"second", b"secund"))
    assert set(records(tmp_path / "j")) == {0}
    assert set(records(tmp_path / "j", verify=False)) == {0, 1, 2}  # where it is known to be whole


def test_what_is_no_journal_is_refused_and_stays(tmp_path):
    (tmp_path / "j").write_bytes(b"something of somebody's")
    with pytest.raises(InputError, match="is no journal of seqattr"):
        Journal(tmp_path / "j")
    with pytest.raises(InputError, match="is no journal"), appending(tmp_path / "j"):
        pass
    assert (tmp_path / "j").read_bytes() == b"something of somebody's"
    with pytest.raises(InputError, match=r"cannot read .*missing"):
        Journal(tmp_path / "missing")


def test_a_journal_is_written_by_one_at_a_time(tmp_path):
    with (
        appending(tmp_path / "j"),
        pytest.raises(OutputError, match="another process is writing it"),
        appending(tmp_path / "j"),
    ):
        pass
    with appending(tmp_path / "j"):
        pass


def test_a_full_disk_leaves_what_was_there(tmp_path, monkeypatch):
    add(tmp_path / "j", {0: b"first"})
    real = os.pwrite

    def full(descriptor, data, at):
        if at > 40:
            real(descriptor, bytes(data)[:5], at)
            raise OSError(28, "No space left on device")
        return real(descriptor, data, at)

    with appending(tmp_path / "j") as journal:
        with monkeypatch.context() as patch:
            patch.setattr(os, "pwrite", full)
            with pytest.raises(OutputError, match=r"cannot write .*j: No space left on device"):
                journal.add(1, [bytes(100)])
        assert set(journal.journal.records) == {0}
        journal.add(2, [b"after"])
    assert records(tmp_path / "j") == {0: b"first", 2: b"after"}
