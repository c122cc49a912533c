"""Shards merge into the bytes of one run, go on after any stop, and are refused where they do not fit."""

from dataclasses import replace

import pytest

from seqattr.errors import InputError, OutputError
from seqattr.inputs import from_fasta
from seqattr.io.ownership import Output
from seqattr.jobs import merge
from seqattr.jobs.score.done import Part
from seqattr.jobs.score.run import score
from seqattr.jobs.score.settings import Shard, Working
from tests.helpers.score_runs import BLOCKS, SETTINGS, Stop
from tests.helpers.scoring import files

pytestmark = pytest.mark.usefixtures("small_blocks")


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
