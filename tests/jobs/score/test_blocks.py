"""What a run has done is kept: it goes on after any stop with the same bytes."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from seqattr.errors import InputError, OutputError
from seqattr.inputs import from_fasta
from seqattr.io.ownership import Output, command_in
from seqattr.io.scores_folder import file_names
from seqattr.jobs.report.run import report
from seqattr.jobs.score.blocks_folder import BlocksFolder
from seqattr.jobs.score.calculation import Calculation
from seqattr.jobs.score.run import score
from seqattr.jobs.score.settings import Working
from tests.helpers.score_runs import BLOCKS, ROWS, SETTINGS, Stop
from tests.helpers.scoring import files

pytestmark = pytest.mark.usefixtures("small_blocks")


@pytest.mark.parametrize("blocks", range(BLOCKS))
def test_a_run_that_was_stopped_goes_on_and_ends_with_the_same_bytes(
    model, whole, expected, tmp_path, stopping, blocks
):
    before = list(stopping(blocks))
    with pytest.raises(Stop):
        score(model, from_fasta(whole), tmp_path, SETTINGS)
    assert sorted(files(tmp_path)) == [
        *["blocks/blocks-0.journal", "blocks/lock", "blocks/plan.json"] * bool(blocks)
    ]
    after = stopping(None)
    score(model, from_fasta(whole), tmp_path, SETTINGS)
    assert len(after) == BLOCKS - blocks
    assert not set(before) & set(after)
    assert files(tmp_path) == expected


def test_no_block_is_worked_out_again(model, whole, tmp_path, stopping, monkeypatch):
    stopping(3)
    with pytest.raises(Stop):
        score(model, from_fasta(whole), tmp_path, SETTINGS)
    begun, begin = [], Calculation.begin
    monkeypatch.setattr(
        Calculation, "begin", lambda self, drawn: begun.append(drawn[0]) or begin(self, drawn)
    )
    stopping(None)
    seen: list[Any] = []
    score(model, from_fasta(whole), tmp_path, SETTINGS, lambda *step: seen.append(step))
    assert len(begun) == BLOCKS - 3
    assert seen[0] == (21, ROWS)  # what was done before
    assert seen[-1] == (ROWS, ROWS)
    assert json.loads((tmp_path / "timing.json").read_text())["blocks_done_before"] == 3


CHANGES = {
    "seed": ({"seed": 1}, "another seed (0, now 1)"),
    "method": ({"method": "gradient"}, "another method (deeplift, now gradient)"),
    "references": ({"references": "shuffle:3"}, "another kind of references (shuffle:2, now shuffle:3)"),
    "targets": ({"targets": [0]}, "another choice of targets"),
    "numbers": ({"h5_dtype": "float16"}, "another type of numbers (float32, now float16)"),
    "precision": ({"precision": "float64"}, "another precision (model, now float64)"),
    "strands": ({"both_strands": True}, "another choice of strands (one, now both)"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_another_run_does_not_go_on_with_the_blocks_and_says_what_differs(
    model, whole, tmp_path, stopping, name
):
    changes, line = CHANGES[name]
    stopping(2)
    with pytest.raises(Stop):
        score(model, from_fasta(whole), tmp_path, SETTINGS)
    stopping(None)
    before = files(tmp_path)
    with pytest.raises(OutputError) as caught:
        score(model, from_fasta(whole), tmp_path, replace(SETTINGS, **changes))
    assert line in str(caught.value)
    assert str(caught.value).endswith("give the same to go on with it, or `restart=True` to begin anew")
    assert files(tmp_path) == before


def test_another_model_or_input_is_seen_too(model, sigmoid, whole, fasta, texts, tmp_path, stopping):
    stopping(2)
    with pytest.raises(Stop):
        score(model, from_fasta(whole), tmp_path, SETTINGS)
    stopping(None)
    with pytest.raises(OutputError, match=r"another model; another choice of targets"):
        score(sigmoid, from_fasta(whole), tmp_path, SETTINGS)
    other = texts(ROWS)
    other[30] = other[30][:-1] + ("A" if other[30][-1] != "A" else "C")
    with pytest.raises(OutputError, match=r"with another input; give the same"):
        score(model, from_fasta(fasta({f"s{i}": text for i, text in enumerate(other)})), tmp_path, SETTINGS)


def test_a_restart_begins_anew(model, whole, expected, tmp_path, stopping):
    stopping(2)
    with pytest.raises(Stop):
        score(model, from_fasta(whole), tmp_path, replace(SETTINGS, seed=3))
    added = stopping(None)
    score(model, from_fasta(whole), tmp_path, SETTINGS, working=Working(restart=True))
    assert len(added) == BLOCKS
    assert files(tmp_path) == expected


def test_an_earlier_result_stands_until_the_new_one_is_whole(model, whole, tmp_path, stopping):
    score(model, from_fasta(whole), tmp_path, replace(SETTINGS, seed=3))
    before = files(tmp_path)
    stopping(4)
    with pytest.raises(Stop):
        score(model, from_fasta(whole), tmp_path, SETTINGS)
    after = files(tmp_path)
    assert {name: after[name] for name in before} == before


def test_a_run_that_is_done_is_not_done_again_unless_forced(model, whole, tmp_path, stopping):
    first = score(model, from_fasta(whole), tmp_path, SETTINGS)
    times = {path: path.stat().st_mtime_ns for path in tmp_path.glob("**/*")}
    added = stopping(None)
    again = score(model, from_fasta(whole), tmp_path, SETTINGS)
    assert not first.done_before
    assert again.done_before
    assert added == []
    assert {path: path.stat().st_mtime_ns for path in tmp_path.glob("**/*")} == times
    assert again.facts() == first.facts()
    before = files(tmp_path)
    assert not score(model, from_fasta(whole), tmp_path, SETTINGS, working=Working(force=True)).done_before
    assert len(added) == BLOCKS
    assert files(tmp_path) == before


@pytest.mark.parametrize("left", ["plan.json", "blocks-0.journal"])
def test_what_a_run_leaves_that_is_killed_at_its_very_end_goes(
    model, whole, expected, tmp_path, stopping, monkeypatch, left
):
    """It was removing the blocks, of which the plan goes first."""
    monkeypatch.setattr(BlocksFolder, "remove", lambda self: None)
    score(model, from_fasta(whole), tmp_path, SETTINGS)
    monkeypatch.undo()
    if left != "plan.json":
        (tmp_path / "blocks" / "plan.json").unlink()
    added = stopping(None)
    assert score(model, from_fasta(whole), tmp_path, SETTINGS).done_before
    assert added == []
    assert files(tmp_path) == expected


@pytest.mark.parametrize("name", ["target1.bw", "target0.h5", "regions.bed"])
def test_a_run_of_which_a_file_was_lost_is_done_again(model, whole, expected, tmp_path, name):
    score(model, from_fasta(whole), tmp_path, SETTINGS)
    (tmp_path / name).unlink()
    assert not score(model, from_fasta(whole), tmp_path, SETTINGS).done_before
    assert files(tmp_path) == expected


def test_two_runs_in_one_folder(model, whole, expected, tmp_path, monkeypatch):
    lines = []

    def meanwhile(done: int, total: int) -> None:
        if not lines:
            with pytest.raises(OutputError) as caught:
                score(model, from_fasta(whole), tmp_path, SETTINGS)
            lines.append(str(caught.value))

    score(model, from_fasta(whole), tmp_path, SETTINGS, meanwhile)
    assert lines == [f"another run is at work in {tmp_path}; wait for its end, or give another `out`"]
    assert files(tmp_path) == expected


def test_a_full_disk_ends_the_run_in_one_line_and_it_goes_on_later(
    model, whole, expected, tmp_path, monkeypatch
):
    real, written = os.pwrite, [0]

    def full(descriptor, data, at):
        written[0] += len(data)
        if written[0] > 20_000:
            raise OSError(28, "No space left on device")
        return real(descriptor, data, at)

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        with pytest.raises(OutputError, match=r"cannot write .*blocks-0.journal: No space left on device"):
            score(model, from_fasta(whole), tmp_path, SETTINGS)
    assert (tmp_path / "blocks" / "blocks-0.journal").stat().st_size > 1000
    score(model, from_fasta(whole), tmp_path, SETTINGS)
    assert files(tmp_path) == expected


@pytest.mark.parametrize("step", ["assemble_hdf5", "write_track", "write_regions", "write_json"])
def test_whatever_fails_at_the_end_loses_no_block(
    model, whole, expected, tmp_path, stopping, monkeypatch, step
):
    def fail(path: Path, *rest: Any) -> None:
        raise OutputError(f"cannot write {path}: No space left on device")

    score(model, from_fasta(whole), tmp_path, replace(SETTINGS, seed=3))
    before = files(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(f"seqattr.jobs.score.assembly.{step}", fail)
        with pytest.raises(
            OutputError, match=r"cannot write [^.]*/(target.|regions|run)\.[a-z0-9]*: No space left"
        ):
            score(model, from_fasta(whole), tmp_path, SETTINGS)
    after = files(tmp_path)
    assert {name: after[name] for name in before} == before
    added = stopping(None)
    score(model, from_fasta(whole), tmp_path, SETTINGS)
    assert added == []
    assert files(tmp_path) == expected


@pytest.mark.parametrize("count", range(1, 6))
def test_a_run_that_is_killed_while_its_files_take_their_names_goes_on(
    model, whole, expected, tmp_path, monkeypatch, count
):
    """It is its own folder, and no whole run."""
    real, left = os.replace, [count]

    def killed(source, target):
        if Path(target).parent == tmp_path:
            if not left[0]:
                raise Stop
            left[0] -= 1
        real(source, target)

    output = Output(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", killed)
        with pytest.raises(Stop):
            score(model, from_fasta(whole), tmp_path, SETTINGS)
    output.claim_folder(file_names([]), "run.json")
    output.claim_run(tmp_path, command_in(tmp_path / "run.json", "settings", "command"), "")
    with pytest.raises(InputError):
        report(tmp_path, ["bundled"])
    score(model, from_fasta(whole), tmp_path, SETTINGS)
    assert files(tmp_path) == expected


def test_what_somebody_keeps_in_the_folder_of_blocks_stays(model, whole, tmp_path):
    (tmp_path / "blocks").mkdir()
    (tmp_path / "blocks" / "mine.txt").write_text("kept")
    score(model, from_fasta(whole), tmp_path, SETTINGS)
    assert [path.name for path in (tmp_path / "blocks").iterdir()] == ["mine.txt"]
