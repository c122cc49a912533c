"""What a run has done is kept: it goes on after any stop, in shards and in processes, with the same bytes."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import seqattr
from seqattr.errors import InputError, OutputError
from seqattr.inputs import from_fasta
from seqattr.io.journal import JournalWriter
from seqattr.io.ownership import Output, command_in
from seqattr.io.scores_folder import file_names
from seqattr.jobs import merge
from seqattr.jobs.export import export
from seqattr.jobs.report.run import report
from seqattr.jobs.score.blocks_folder import BlocksFolder
from seqattr.jobs.score.calculation import Calculation
from seqattr.jobs.score.done import Part
from seqattr.jobs.score.run import score
from seqattr.jobs.score.settings import Settings, Shard, Working
from tests.conftest import random_texts
from tests.helpers.scoring import files, read

SETTINGS = Settings(references="shuffle:2")
BLOCKS = 5  # of the run of these tests
ROWS = 33


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Chunks of one row and blocks of seven."""
    monkeypatch.setattr("seqattr.io.hdf5.layout._CHUNK_BYTES", 4 * 40 * 4)
    monkeypatch.setattr("seqattr.jobs.score.plan.BLOCK_BASES", 7 * 40)


@pytest.fixture(scope="module")
def whole(model, tmp_path_factory):
    """A run that nothing stopped, by the FASTA file that it read."""
    folder = tmp_path_factory.mktemp("whole")
    path = folder / "a.fa"
    path.write_text("".join(f">s{i}\n{text}\n" for i, text in enumerate(random_texts(ROWS))))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("seqattr.io.hdf5.layout._CHUNK_BYTES", 4 * 40 * 4)
        patch.setattr("seqattr.jobs.score.plan.BLOCK_BASES", 7 * 40)
        score(model, from_fasta(path), folder / "out", SETTINGS)
    return path


@pytest.fixture
def expected(whole) -> dict[str, bytes]:
    return files(whole.parent / "out")


class Stop(Exception):
    """Somebody stops the run."""


@pytest.fixture
def stopping(monkeypatch):
    """A function that lets runs add so many blocks more, and no other, or all; it tells which were added."""
    add, added, left = JournalWriter.add, [], [10**9]

    def counted(self, number, buffers):
        if left[0] == 0:
            raise Stop
        left[0] -= 1
        add(self, number, buffers)
        added.append(number)

    monkeypatch.setattr(JournalWriter, "add", counted)

    def after(blocks: int | None) -> list[int]:
        left[0] = 10**9 if blocks is None else blocks
        added.clear()
        return added

    return after


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


# --- shards ------------------------------------------------------------------------------------


def shards(model, path, folder, count, numbers=None):
    """The folders of so many shards, of which those of these numbers are worked out."""
    folders = []
    for number in numbers or range(1, count + 1):
        folders.append(folder / f"shard-{number}")
        part = score(model, from_fasta(path), folders[-1], SETTINGS, working=Working(Shard(number, count)))
        assert isinstance(part, Part)
    return folders


@pytest.mark.parametrize("count", [1, 3, 7])
def test_shards_merge_into_the_bytes_of_one_run(model, whole, expected, tmp_path, count):
    if count == 1:
        score(model, from_fasta(whole), tmp_path / "out", SETTINGS, working=Working(Shard(1, 1)))
    else:
        folders = shards(model, whole, tmp_path, count)
        merge.run(folders[::-1], Output(tmp_path / "out"))
        assert all((folder / "blocks").is_dir() for folder in folders)
    assert files(tmp_path / "out") == expected


def test_a_shard_is_told_and_not_worked_out_again(model, whole, tmp_path, stopping):
    added = stopping(None)
    part = score(model, from_fasta(whole), tmp_path, SETTINGS, working=Working(Shard(2, 3)))
    assert part == Part(Shard(2, 3), 12, 2, False)
    assert sorted(added) == [1, 4]
    assert sorted(files(tmp_path)) == [
        "blocks/blocks-0.journal",
        "blocks/lock",
        "blocks/plan.json",
        "shard.json",
    ]
    again = score(model, from_fasta(whole), tmp_path, SETTINGS, working=Working(Shard(2, 3)))
    assert again == part._replace(done_before=True)
    assert len(added) == 2


def test_a_shard_that_was_stopped_goes_on(model, whole, expected, tmp_path, stopping):
    stopping(1)
    with pytest.raises(Stop):
        score(model, from_fasta(whole), tmp_path / "shard-1", SETTINGS, working=Working(Shard(1, 2)))
    assert not (tmp_path / "shard-1" / "shard.json").exists()
    added = stopping(None)
    folders = shards(model, whole, tmp_path, 2)
    assert len(added) == BLOCKS - 1
    merge.run(folders, Output(tmp_path / "out"))
    assert files(tmp_path / "out") == expected


def test_shards_that_do_not_belong_together_are_refused(model, whole, tmp_path):
    first, third = shards(model, whole, tmp_path, 3, [1, 3])
    with pytest.raises(
        InputError, match=r"2 of 5 blocks are missing, as there is no shard 2/3, the .* of sequences 8 to 14$"
    ):
        merge.run([first, third], Output(tmp_path / "out"))
    other = tmp_path / "other"
    score(model, from_fasta(whole), other, replace(SETTINGS, seed=1), working=Working(Shard(2, 3)))
    with pytest.raises(InputError, match=r"other is no part of the run of .*shard-1: it has another seed"):
        merge.run([first, other, third], Output(tmp_path / "out"))
    score(model, from_fasta(whole), tmp_path / "whole", SETTINGS)
    with pytest.raises(InputError, match=r"whole holds no whole shard; it should be a folder that `score`"):
        merge.run([first, tmp_path / "whole"], Output(tmp_path / "out"))
    assert not list(files(tmp_path / "out"))


def test_a_shard_that_is_forced_is_worked_out_again(model, whole, expected, tmp_path, stopping):
    folders = shards(model, whole, tmp_path, 2)
    stopping(1)
    forced = Working(Shard(1, 2), force=True)
    with pytest.raises(Stop):
        score(model, from_fasta(whole), folders[0], SETTINGS, working=forced)
    assert not (folders[0] / "shard.json").exists()
    with pytest.raises(InputError, match=r"shard-1 holds a run that is not whole; the command that began it"):
        merge.run(folders, Output(tmp_path / "out"))
    added = stopping(None)
    part = score(model, from_fasta(whole), folders[0], SETTINGS, working=forced)
    assert (part.done_before, len(added)) == (False, 2)  # of three
    merge.run(folders, Output(tmp_path / "out"))
    assert files(tmp_path / "out") == expected


@pytest.mark.parametrize("place", ["first record", "middle", "last byte"])
def test_a_damaged_shard_is_found_before_anything_is_written(model, whole, expected, tmp_path, place):
    folders = shards(model, whole, tmp_path, 2)
    journal = folders[1] / "blocks" / "blocks-0.journal"
    content = bytearray(journal.read_bytes())
    content[{"first record": 30, "middle": len(content) // 2, "last byte": -1}[place]] ^= 1
    journal.write_bytes(content)
    with pytest.raises(
        InputError, match=r"shard-2/blocks has lost \d blocks of shard 2/2, as they are damaged"
    ):
        merge.run(folders, Output(tmp_path / "out"))
    assert not (tmp_path / "out").exists()
    assert shards(model, whole, tmp_path, 2) == folders
    merge.run(folders, Output(tmp_path / "out"))
    assert files(tmp_path / "out") == expected


@pytest.mark.parametrize("content", ["", "[]", "garbage", '{"rows": 5}', None])
def test_a_damaged_plan_is_told_with_its_cure(model, whole, expected, tmp_path, content):
    folders = shards(model, whole, tmp_path, 2)
    plan = folders[0] / "blocks" / "plan.json"
    plan.write_text(plan.read_text().replace('"rows": 33', '"rows": 5') if content is None else content)
    line = r"shard-1/blocks/plan.json is damaged, .*; `restart=True` begins the run anew$"
    with pytest.raises(InputError, match=line):
        merge.run(folders, Output(tmp_path / "out"))
    working = Working(Shard(1, 2))
    with pytest.raises(InputError, match=line):
        score(model, from_fasta(whole), folders[0], SETTINGS, working=working)
    score(model, from_fasta(whole), folders[0], SETTINGS, working=replace(working, restart=True))
    merge.run(folders, Output(tmp_path / "out"))
    assert files(tmp_path / "out") == expected


@pytest.mark.parametrize("folder", [False, True])
def test_a_journal_that_is_none_is_told_with_its_cure(model, whole, expected, tmp_path, stopping, folder):
    stopping(1)
    with pytest.raises(Stop):
        score(model, from_fasta(whole), tmp_path, SETTINGS)
    stopping(None)
    journal = tmp_path / "blocks" / "blocks-1.journal"
    if folder:
        journal.mkdir()
    else:
        journal.write_text("somebody's")
    with pytest.raises(InputError, match=r"blocks-1.journal.*; `restart=True` begins the run anew$"):
        score(model, from_fasta(whole), tmp_path, SETTINGS)
    if folder:
        with pytest.raises(OutputError, match=r"cannot write .*blocks-1.journal: Is a directory$"):
            score(model, from_fasta(whole), tmp_path, SETTINGS, working=Working(restart=True))
        journal.rmdir()
    score(model, from_fasta(whole), tmp_path, SETTINGS, working=Working(restart=True))
    assert files(tmp_path) == expected


def test_a_whole_run_in_the_folder_of_a_shard_leaves_no_mark_of_it(model, whole, expected, tmp_path):
    shards(model, whole, tmp_path, 2, [1])
    with pytest.raises(OutputError, match=r"with another shard \(1/2, now 1/1\)"):
        score(model, from_fasta(whole), tmp_path / "shard-1", SETTINGS)
    score(model, from_fasta(whole), tmp_path / "shard-1", SETTINGS, working=Working(restart=True))
    assert files(tmp_path / "shard-1") == expected


def test_shards_merge_into_the_folder_of_one_of_them(model, whole, expected, tmp_path):
    folders = shards(model, whole, tmp_path, 2)
    merge.run(folders, Output(folders[0]))
    there = files(folders[0])
    assert {name: there[name] for name in expected} == expected
    again = score(model, from_fasta(whole), folders[0], SETTINGS, working=Working(Shard(1, 2)))
    assert again.done_before


def test_a_file_of_chromosomes_that_changed_is_seen(model, whole, tmp_path, stopping):
    inputs = from_fasta(whole)
    score(model, inputs, tmp_path / "done", SETTINGS)
    stopping(1)
    with pytest.raises(Stop):
        score(model, inputs, tmp_path / "begun", SETTINGS)
    stopping(None)
    other = inputs._replace(sizes={**inputs.sizes, "another": 5})
    assert not score(model, other, tmp_path / "done", SETTINGS).done_before
    with pytest.raises(OutputError, match="with another list of chromosomes;"):
        score(model, other, tmp_path / "begun", SETTINGS)


@pytest.mark.parametrize("text", ["", "1", "0/3", "4/3", "1/0", "a/b", "1/3/5", "-1/3", "1 /3x"])
def test_a_shard_is_a_number_and_a_count(text):
    with pytest.raises(InputError, match="a shard is its number and how many there are, as in 1/3 to 3/3"):
        Shard.parse(text)
    assert Shard.parse("2/3") == Shard(2, 3)


# --- several models, both strands ----------------------------------------------------------------


@pytest.fixture(scope="module")
def folds() -> list[seqattr.Model]:
    def fold(seed: int) -> seqattr.Model:
        torch.manual_seed(seed)
        net = nn.Sequential(nn.Conv1d(4, 5, 7), nn.ReLU(), nn.Flatten(), nn.Linear(5 * 34, 2))
        return seqattr.Model(net, torch.zeros(2, 4, 40))

    return [fold(seed) for seed in range(3)]


def test_several_models_are_averaged_and_each_is_written_where_it_is_asked_for(folds, whole, tmp_path):
    settings = replace(SETTINGS, each_model=True)
    score(folds, from_fasta(whole), tmp_path / "all", settings)
    singles = []
    for number, fold in enumerate(folds):
        score(fold, from_fasta(whole), tmp_path / str(number), SETTINGS)
        (single,) = read(tmp_path / str(number), "target1")
        (own,) = read(tmp_path / "all" / "models" / f"model{number}", "target1")
        np.testing.assert_array_equal(own.contributions, single.contributions)
        singles.append(single)
    (mean,) = read(tmp_path / "all", "target1")
    for name in ("contributions", "hypothetical", "difference"):
        wanted = np.mean([getattr(single, name) for single in singles], axis=0)
        np.testing.assert_allclose(getattr(mean, name), wanted, rtol=1e-5, atol=1e-6)
    run = json.loads((tmp_path / "all" / "run.json").read_text())
    assert run["models"] == 3
    assert len(run["model"].split("+")) == 3


def test_what_was_made_of_each_models_own_results_goes_with_them(folds, whole, tmp_path):
    score(folds[:2], from_fasta(whole), tmp_path, replace(SETTINGS, each_model=True))
    export(tmp_path / "models" / "model0", "modisco", "target0")
    export(tmp_path / "models" / "model1", "modisco", "target0")
    (tmp_path / "models" / "model1" / "mine.txt").write_text("kept")
    score(folds[:2], from_fasta(whole), tmp_path, SETTINGS)
    assert [path.name for path in (tmp_path / "models").rglob("*")] == ["model1", "mine.txt"]


def test_both_strands_of_a_sequence_count_alike(model, whole, tmp_path, texts, fasta):
    settings = Settings(references="zeros", both_strands=True)
    score(model, from_fasta(whole), tmp_path / "out", settings)
    forward = Settings(references="zeros")
    score(model, from_fasta(whole), tmp_path / "forward", forward)
    turned = {
        f"s{i}": text[::-1].translate(str.maketrans("ACGT", "TGCA")) for i, text in enumerate(texts(ROWS))
    }
    score(model, from_fasta(fasta(turned)), tmp_path / "turned", forward)
    (both,), (one,), (other) = (read(tmp_path / name, "target0") for name in ("out", "forward", "turned"))
    wanted = (one.contributions + other[0].contributions[:, ::-1]) / 2
    np.testing.assert_allclose(both.contributions, wanted, rtol=1e-5, atol=1e-6)
