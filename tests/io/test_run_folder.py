"""Whatever ends a process: no file of a run stands without the mark that tells whose it is."""

import json
import os
import signal
from pathlib import Path

import pytest

from seqattr.errors import OutputError
from seqattr.io.ownership import RUN, Output
from seqattr.io.run_folder import Mark, is_unfinished, replacing_run
from seqattr.io.text import read_json, write_json
from tests.helpers.killed import contents_of, states

FILES = ("a.tsv", "figures/a.png", RUN)


def write(out: Path, command: str, names: tuple[str, ...] = FILES, stale: tuple[str, ...] = ()) -> None:
    """The files of a run, each of which holds its command."""
    (out / "figures").mkdir(parents=True, exist_ok=True)
    with replacing_run(out, names, stale=[out / name for name in stale]) as parts:
        for name, part in parts.items():
            facts = {"seqattr": "1", "settings": {"command": command}, "targets": [command], "rows": 1}
            part.write_text(json.dumps(facts) if name.endswith(RUN) else command)


@pytest.mark.parametrize("old", [None, "old"])
def test_a_kill_at_any_moment_leaves_the_old_results_or_a_folder_of_the_new_command(tmp_path, old):
    out = tmp_path / "out"
    names = ("within/b.h5", f"within/{RUN}", *FILES)
    (out / "within").mkdir(parents=True)
    if old:
        write(out, old, names)
    before = contents_of(out)
    with states(out, tmp_path) as found:
        write(out, "new", names)
    assert len(found) == 2 * 2 + 3  # each mark twice
    whole = contents_of(out)
    for state in found:
        if contents_of(state) == before:
            continue
        Output(state).claim_results(FILES, "new", r".+\.png")
        facts = read_json(state / RUN)
        assert is_unfinished(facts)
        assert "rows" not in facts
        within = read_json(state / "within" / RUN)
        assert within or not (state / "within" / "b.h5").exists()
        with pytest.raises(OutputError, match=r"another run \(new\)"):
            Output(state).claim_results(FILES, "other")
        write(state, "new", names)
        assert contents_of(state) == whole
    assert contents_of(found[0]) == before


def test_a_run_that_is_stopped_tells_also_what_the_one_before_left(tmp_path):
    """So that the next one removes it."""
    out = tmp_path / "out"
    write(out, "old", (*FILES, "old.h5"))
    with states(out, tmp_path) as found:
        write(out, "new", stale=("old.h5",))
    assert [read_json(state / RUN)["targets"] for state in found[:2]] == [["old"], ["new", "old"]]
    assert [(state / "old.h5").exists() for state in found[:2]] == [True, False]
    assert read_json(out / RUN)["targets"] == ["new"]
    assert not (out / "old.h5").exists()


def test_where_a_file_cannot_be_made_whole_the_old_results_and_their_mark_stand(tmp_path, monkeypatch):
    """A disk may tell only when it is asked for what was written."""
    write(tmp_path, "old")
    before, sync = contents_of(tmp_path), os.fsync

    def full(descriptor: int) -> None:
        if os.fstat(descriptor).st_size == len("newer"):
            raise OSError(28, "full")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=r"a\.png: No space left on device"):
        write(tmp_path, "newer")
    assert contents_of(tmp_path) == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_waits_until_all_have_their_names(tmp_path, monkeypatch, number):
    replace, told = os.replace, []
    monkeypatch.setattr(os, "replace", lambda *names: (signal.raise_signal(number), replace(*names)))
    handler = signal.signal(number, lambda *_: told.append(contents_of(tmp_path)))
    try:
        write(tmp_path, "new")
    finally:
        signal.signal(number, handler)
    assert [sorted(state) for state in told] == [sorted(FILES)]
    assert read_json(tmp_path / RUN)["rows"] == 1


def test_the_mark_may_have_another_name(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    with states(out, tmp_path) as found, replacing_run(out, ["m", "s"], Mark("m", ("seed",))) as parts:
        parts["s"].write_text("s")
        write_json(parts["m"], {"seed": 1, "rows": 2})
    assert sorted(contents_of(found[1])) == ["m"]
    assert read_json(found[1] / "m")["seed"] == 1
