"""Facts kept from run to run, of which nothing may go wrong."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from seqattr.io.user_cache import Fact, cache_folder


def is_number(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("number"), int)


@pytest.fixture
def fact(tmp_path: Path) -> Fact:
    return Fact(tmp_path / "new" / "folder" / "fact.json", is_number)


def left(fact: Fact) -> list[str]:
    return os.listdir(fact.path.parent)


def test_a_fact_is_kept_in_a_folder_that_is_made(fact: Fact) -> None:
    assert fact.read() is None
    assert fact.keep({"number": 1}) == {"number": 1}
    assert fact.read() == {"number": 1}
    assert left(fact) == ["fact.json"]


def test_who_is_first_is_right(fact: Fact) -> None:
    fact.keep({"number": 1})
    assert fact.keep({"number": 2}) == {"number": 1}
    assert fact.read() == {"number": 1}
    assert left(fact) == ["fact.json"]


BROKEN = [b"", b'{"number": 1', b"\xff\xfe", b"[]", b'{"number": "1"}', b"null", b"[" * 100_000]


@pytest.mark.parametrize("broken", BROKEN, ids=range(len(BROKEN)))
def test_a_broken_file_is_none_and_is_replaced(fact: Fact, broken: bytes) -> None:
    fact.path.parent.mkdir(parents=True)
    fact.path.write_bytes(broken)
    assert fact.read() is None
    assert fact.keep({"number": 3}) == fact.read() == {"number": 3}
    assert left(fact) == ["fact.json"]


def test_a_disk_without_links_is_no_matter(fact: Fact, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*paths: Any) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", refuse)
    assert fact.keep({"number": 1}) == fact.keep({"number": 2}) == fact.read() == {"number": 1}
    assert left(fact) == ["fact.json"]


@pytest.mark.parametrize("what", ["mkdir", "write_text"])
def test_a_full_or_read_only_disk_keeps_nothing(
    fact: Fact, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    def refuse(*arguments: Any, **more: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, what, refuse)
    assert fact.keep({"number": 1}) == {"number": 1}
    assert fact.read() is None
    assert not fact.path.parent.exists() or left(fact) == []


def test_a_folder_under_the_name_is_no_matter(fact: Fact) -> None:
    fact.path.mkdir(parents=True)
    assert fact.keep({"number": 1}) == {"number": 1}
    assert left(fact) == ["fact.json"]


WRITER = """
import sys
from pathlib import Path
from seqattr.io.user_cache import Fact
for number in range(200):
    fact = Fact(Path(sys.argv[1]) / f"{number}.json", lambda value: isinstance(value, dict))
    print(fact.keep({"by": sys.argv[2]})["by"])
"""


def test_processes_at_once_go_by_the_same(tmp_path: Path) -> None:
    call = [sys.executable, "-c", WRITER, str(tmp_path)]
    processes = [subprocess.Popen([*call, name], stdout=subprocess.PIPE, text=True) for name in "ab"]
    first, second = (process.communicate()[0].split() for process in processes)
    assert first == second == [json.loads((tmp_path / f"{n}.json").read_text())["by"] for n in range(200)]
    assert len(os.listdir(tmp_path)) == 200


def test_where_the_folder_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    for name in ("SEQATTR_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    assert cache_folder() == Path("/home/somebody/.cache/seqattr")
    monkeypatch.setenv("XDG_CACHE_HOME", "/scratch")
    assert cache_folder() == Path("/scratch/seqattr")
    monkeypatch.setenv("SEQATTR_CACHE", "/elsewhere")
    assert cache_folder() == Path("/elsewhere")


def test_a_user_without_a_home_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    for name in ("SEQATTR_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    assert cache_folder() is None
