"""seqattr influence, over the checkpoints of seqattr train"""

from pathlib import Path

import h5py
import pytest

from seqattr.cli.main import main
from seqattr.errors import OutputError
from seqattr.io.fasta.records import read_fasta


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with data/ (80 sequences, 8 of them test) and checkpoints/ of three epochs."""
    folder = tmp_path_factory.mktemp("trained")
    write = ["simulate", "tal-gata", "--out", "data", "--count", "80", "--settings", "published"]
    other = [
        "simulate",
        "tal-gata",
        "--out",
        "other",
        "--count",
        "80",
        "--settings",
        "published",
        "--seed",
        "1",
    ]
    learn = ["train", "data", "--out", "model.pt", "--epochs", "3", "--checkpoints", "checkpoints"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for words in (write, other, learn):
            with pytest.raises(SystemExit) as left:
                main(words)
            assert not left.value.code
    return folder


@pytest.fixture
def words(trained: Path, tmp_path: Path) -> list:
    given = "--checkpoints", trained / "checkpoints", "--train", trained / "data"
    return ["influence", *given, "--out", tmp_path / "out" / "table.tsv"]


def table(tmp_path: Path) -> list[list[str]]:
    return [line.split("\t") for line in (tmp_path / "out" / "table.tsv").read_text().splitlines()]


def test_the_table_and_all_scores_tell_the_same(ran, words, tmp_path):
    said = ran(*words, "--number", 3, "--top", 4, "--scores", tmp_path / "all.h5")
    assert "64 training sequences on the loss of 3 test sequences, over 3 checkpoints; wrote" in said
    header, *rows = table(tmp_path)
    assert header == ["test", "side", "rank", "training", "score", "both", "GATA1", "TAL1"]
    with h5py.File(tmp_path / "all.h5") as file:
        scores = file["values"][:]
        tests, training = (file[name].asstr()[:].tolist() for name in ("rows", "columns"))
        assert file.attrs["influence_on"] == "loss"
        assert file.attrs["epochs"].tolist() == [1, 2, 3]
    assert scores.shape == (3, 64)
    assert {row[0] for row in rows} == set(tests)
    for test, side, rank, name, score, *labels in rows:
        own = scores[tests.index(test)]
        assert float(score) == pytest.approx(own[training.index(name)], rel=1e-5)
        stronger = own > float(score) * (1 + 1e-5) if side == "proponent" else own < float(score) * (1 + 1e-5)
        assert stronger.sum() == int(rank) - 1
        assert set(labels) <= {"0", "1"}


def test_without_labels_it_is_on_the_output(ran, refused, words, trained, tmp_path):
    fasta = trained / "data" / "test.fa"
    name = read_fasta(fasta)[5].name
    said = ran(*words, "--fasta", fasta, "--target", "TAL1", "--name", name)
    assert "on the output for TAL1 of 1 test sequences" in said
    assert {row[0] for row in table(tmp_path)[1:]} == {name}
    assert "need the output they are about: --target" in refused(*words, "--fasta", fasta)


def test_what_is_wrong_is_one_line(refused, words, fasta, trained, tmp_path, free):
    assert "unknown target 'x'" in refused(*words, "--target", "x")
    assert "unknown split 'x'" in refused(*words, "--split", "x")
    assert "unknown test sequence 'x'" in refused(*words, "--name", "x")
    assert "at least 1 proponent" in refused(*words, "--top", 0)
    assert "must be 0 or more, not -1" in refused(*words, "--number", -1)
    others = "--fasta", fasta(3), "--target", "TAL1"
    assert "which takes 200 bp: r0 (40 bp), r1 (40 bp), r2 (40 bp); --pad would" in refused(*words, *others)
    mixed = "--fasta", fasta(["ACGT", "AC"]), "--target", "TAL1"
    assert "which takes 200 bp: r0 (4 bp), r1 (2 bp); --pad would" in refused(*words, *mixed)
    told = refused(*words, "--train", trained / "other")
    assert (
        f"were trained on other sequences than the train split of {trained / 'other'}; --train must" in told
    )
    (tmp_path / "empty").mkdir()
    assert "holds no checkpoints (.pt)" in refused(*words, "--checkpoints", tmp_path / "empty")
    assert "says no learning rate" in refused(*words, "--checkpoints", free.parent)
    assert "is no folder" in refused(*words, "--checkpoints", tmp_path / "nowhere")
    assert not (tmp_path / "out" / "table.tsv").exists()
    bad = "train", trained / "data", "--out", tmp_path / "m.pt", "--checkpoints", tmp_path / "c"
    assert "every 20 epochs cannot be, of 2 epochs" in refused(*bad, "--epochs", 2, "--every", 20)
    assert not (tmp_path / "m.pt").exists()


def test_letters_are_told_and_lengths_fitted(ran, words, fasta, tmp_path):
    given = fasta({"chr1:0-40": "ACGTR" * 8, "long": "ACGTT" * 50})
    said = ran(*words, "--fasta", given, "--target", "TAL1", "--pad", "--crop")
    assert "warning: 8 ambiguous letters (IUPAC codes) were read as N" in said
    assert "--chrom-sizes" not in said
    assert {row[0] for row in table(tmp_path)[1:]} == {"chr1:0-40", "long"}


def test_where_it_writes_is_looked_at_first(refused, words, tmp_path, monkeypatch):
    monkeypatch.setattr("seqattr.jobs.influence.influence", lambda *_: pytest.fail("the work began"))
    same = tmp_path / "out" / ".." / "out" / "table.tsv"
    assert "cannot both be" in refused(*words, "--scores", same)
    assert "Is a directory" in refused(*words, "--scores", tmp_path)
    assert "Is a directory" in refused(*words, "--out", tmp_path)
    (tmp_path / "file").write_text("")
    assert "it is, or lies in, a file" in refused(*words, "--out", tmp_path / "file" / "t.tsv")


def test_both_files_or_none(refused, words, tmp_path, monkeypatch):
    def full(path: Path, *_: object) -> None:
        Path(path).write_text("half")
        raise OutputError("cannot write it: No space left on device")

    monkeypatch.setattr("seqattr.jobs.influence.write_named", full)
    assert "No space left" in refused(*words, "--scores", tmp_path / "all.h5")
    assert list((tmp_path / "out").iterdir()) == []
    assert not (tmp_path / "all.h5").exists()


def test_influence_on_an_expression_of_outputs_is_that_on_its_parts(
    ran, refused, words, tmp_path, texts, fasta
):
    path, scores = fasta(texts(2, 200)), {}
    for target in ("both", "TAL1", "both-TAL1", "mean(0)"):
        ran(*words, "--fasta", path, "--target", target, "--scores", tmp_path / "all.h5", "--force")
        with h5py.File(tmp_path / "all.h5") as file:
            scores[target] = file["values"][:]
    gap = scores["both"] - scores["TAL1"]
    assert abs(scores["both-TAL1"] - gap).max() <= 1e-5 * abs(scores["both"]).max()
    assert scores["mean(0)"].any()
    said = refused(*words, "--fasta", path, "--target", "all", "--force")
    assert "one target is wanted, and 'all' is " in said
    assert "a loss is of one of the targets" in refused(*words, "--target", "both-TAL1", "--force")
