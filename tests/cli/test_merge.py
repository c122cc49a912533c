"""`seqattr merge` from end to end."""

import pytest

from tests.helpers.scoring import files


def test_shards_become_what_one_run_writes(ran, refused, models, fasta, tmp_path, monkeypatch):
    def typed(*words: object) -> list[str]:
        call = [str(word) for word in words]
        monkeypatch.setattr("sys.argv", ["seqattr", *call])
        return call

    words = ("score", "--model", models / "fixed.pt", "--fasta", fasta(9), "--refs", "shuffle:2")
    ran(*typed(*words, "--out", tmp_path / "out", "--seed", 3))
    (tmp_path / "out").rename(tmp_path / "whole")
    for number in (1, 2):
        call = typed(*words, "--shard", f"{number}/2", "--out", tmp_path / f"s{number}", "--seed", 3)
        line = ran(*call)
        assert f"shard {number}/2 is done: " in line
        assert line.endswith(
            "kept in {}/blocks; `seqattr merge` makes the results of all shards\n".format(
                tmp_path / f"s{number}"
            )
        )
    again = ran(*words, "--shard", "1/2", "--out", tmp_path / "s1", "--seed", 3, "--threads", "1")
    assert "shard 1/2 is done already; --force does it again: " in again
    line = ran(*typed("merge", tmp_path / "s2", tmp_path / "s1", "--out", tmp_path / "out"))
    assert f"wrote {tmp_path / 'out'}/<target>.bw and .h5, regions.bed and run.json" in line
    assert files(tmp_path / "out") == files(tmp_path / "whole")
    line = refused("merge", tmp_path / "s2", "--out", tmp_path / "half")
    assert "blocks are missing" in line
    assert not (tmp_path / "half" / "run.json").exists()


@pytest.mark.parametrize("shard", ["3/2", "0/1", "x"])
def test_a_shard_that_cannot_be(refused, models, fasta, tmp_path, shard):
    words = ("score", "--model", models / "fixed.pt", "--fasta", fasta(3), "--out", tmp_path / "out")
    line = refused(*words, "--shard", shard)
    assert line == f"a shard is its number and how many there are, as in 1/3 to 3/3, not '{shard}'"


def test_a_folder_that_is_no_shard(refused, ran, models, fasta, tmp_path):
    ran(
        "score",
        "--model",
        models / "fixed.pt",
        "--fasta",
        fasta(3),
        "--refs",
        "zeros",
        "--out",
        tmp_path / "out",
    )
    line = refused("merge", tmp_path / "out", "--out", tmp_path / "merged")
    what = "it should be a folder that `seqattr score --out` wrote with --shard"
    assert line == f"{tmp_path / 'out'} holds no whole shard; {what}"
