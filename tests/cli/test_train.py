"""seqattr train: a model, its metrics, and checkpoints that are its own."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

import seqattr


@pytest.fixture
def data(ran, tmp_path) -> Path:
    ran("simulate", "tal-gata", "--out", tmp_path / "data", "--count", 60)
    return tmp_path / "data"


def test_what_is_said_is_what_is_written(ran, data, tmp_path):
    said = ran("train", data, "--out", tmp_path / "m.pt", "--epochs", 1, "--seed", 3).splitlines()
    assert seqattr.load_model(tmp_path / "m.pt").example_length == 200
    metrics = json.loads((tmp_path / "m.metrics.json").read_text())
    assert (metrics["epochs"], metrics["seed"]) == (1, 3)
    for line, (task, reached) in zip(said, metrics["test"].items(), strict=False):
        assert line.startswith(f"{task}: accuracy {reached['accuracy']:.3f}, ")
    assert said[-1] == f"wrote {tmp_path / 'm.pt'} and {tmp_path / 'm.metrics.json'}"


def test_every_is_for_checkpoints(run, data, tmp_path):
    done = run("train", data, "--out", tmp_path / "m.pt", "--every", 2)
    assert done.code == 2
    assert "--every is of no use without --checkpoints" in done.err
    assert not (tmp_path / "m.pt").exists()


def test_no_model_is_lost_by_a_wrong_name(ran, refused, free, tmp_path):
    """One that may be of another training goes by force alone, and no conversion replaces a trained one."""
    data, model = numbers(tmp_path / "data"), tmp_path / "m.pt"
    ran("convert", free, "--out", model)
    before = model.read_bytes()
    train = "train", data, "--out", model, "--epochs", 1
    assert refused(*train).endswith("of another run; give another --out, or replace it with --force")
    assert model.read_bytes() == before
    ran(*train, "--force")
    trained = model.read_bytes()
    ran(*train)  # the same again
    line = refused("convert", free, "--out", model)
    assert line.startswith(f"cannot write {model}: it holds the results of another run (")
    assert model.read_bytes() == trained
    for more in (["--force"], []):
        ran("convert", free, "--out", model, *more)
    assert model.read_bytes() == before
    assert not (tmp_path / "m.metrics.json").exists()  # they were of the model before


def test_train_leaves_checkpoints_of_other_tools(refused, ran, tmp_path):
    ran("simulate", "tal-gata", "--out", tmp_path / "data", "--count", 60)
    other = tmp_path / "epochs" / "epoch_090.pt"
    other.parent.mkdir()
    torch.save({"weights": torch.zeros(3)}, other)
    before = other.read_bytes()
    words = ("train", tmp_path / "data", "--out", tmp_path / "m.pt", "--checkpoints", other.parent)
    line = refused(*words, "--epochs", 1)
    assert line.startswith(f"cannot write {other}: what is there was not written by seqattr")
    ran(*words, "--epochs", 2, "--force")
    ran(*words, "--epochs", 1, "--force")
    assert sorted(path.name for path in other.parent.iterdir()) == ["epoch_001.pt", "epoch_090.pt"]
    assert other.read_bytes() == before


# ---- a data set of one's own


def numbers(folder: Path, count: int = 40) -> Path:
    """Counts of random sequences, as a user has them."""
    rng = np.random.default_rng(0)
    names = [f"chr{n % 8}:{n}00-{n}60" for n in range(count)]
    texts = ["".join(row) for row in rng.choice(list("ACGT"), (count, 60))]
    folder.mkdir()
    (folder / "sequences.fa").write_text("".join(f">{n}\n{t}\n" for n, t in zip(names, texts, strict=True)))
    of_each = zip(names, texts, strict=True)
    rows = "".join(f"{name}\t{text.count('G')}\t{text.count('C') / 3}\n" for name, text in of_each)
    (folder / "labels.tsv").write_text(f"name\tG\tC\n{rows}")
    return folder


def test_numbers_are_trained_on_and_what_was_chosen_is_said(ran, tmp_path):
    folder = numbers(tmp_path / "own")
    words = ("train", folder, "--epochs", 1, "--arch-args", '{"filters": 4}')
    said = ran(*words, "--out", tmp_path / "m.pt").splitlines()
    assert said[0].startswith("there is no splits.tsv: chr")
    assert said[1] == "the loss is the squared error (squared)"
    metrics = json.loads((tmp_path / "m.metrics.json").read_text())
    for line, (task, reached) in zip(said[2:4], metrics["test"].items(), strict=True):
        expected = (
            f"{task}: Pearson {reached['pearson']:.3f}, Spearman {reached['spearman']:.3f} on the test split"
        )
        assert line == expected
    assert (metrics["loss"], metrics["arguments"]) == ("squared", {"filters": 4})
    model = seqattr.load_model(tmp_path / "m.pt")
    assert [target.name for target in model.targets] == ["G", "C"]
    ran(*words, "--out", tmp_path / "again.pt")
    again = json.loads((tmp_path / "again.metrics.json").read_text())
    assert again["model"] == metrics["model"]


def test_influence_of_numbers(ran, tmp_path):
    folder = numbers(tmp_path / "own")
    words = ("--epochs", 1, "--arch", "bpnet", "--arch-args", '{"filters": 2, "layers": 1}')
    said = ran("train", folder, "--out", tmp_path / "m.pt", "--checkpoints", tmp_path / "kept", *words)
    assert "trained bpnet-counts: bpnet without its profile head, as labels are no profiles" in said
    ran("influence", "--checkpoints", tmp_path / "kept", "--train", folder, "--out", tmp_path / "i.tsv")
    header, first, *_ = (tmp_path / "i.tsv").read_text().splitlines()
    assert header.split("\t") == ["test", "side", "rank", "training", "score", "G", "C"]
    assert first.startswith("chr")


def test_a_row_that_is_missing_is_named(refused, tmp_path):
    folder = numbers(tmp_path / "own")
    lines = (folder / "labels.tsv").read_text().splitlines(keepends=True)
    (folder / "labels.tsv").write_text("".join(lines[:-1]))
    line = refused("train", folder, "--out", tmp_path / "m.pt")
    assert line == f"{folder / 'labels.tsv'} has no row for chr7:3900-3960 of sequences.fa"
    assert not (tmp_path / "m.pt").exists()


def test_a_monotone_head_goes_into_an_ordinary_file(ran, data, tmp_path):
    ran("train", data, "--out", tmp_path / "m.pt", "--epochs", 3, "--monotone", "--threads", 1)
    metrics = json.loads((tmp_path / "m.metrics.json").read_text())
    assert (metrics["monotone"], metrics["architecture"], metrics["parameters"]) == (True, "tal-gata", 32_503)
    assert metrics["best_epoch"] > 1
    loaded = seqattr.load_model(tmp_path / "m.pt")
    head = [t for t in loaded.graph.tensors.values() if t.shape in ((50, 50), (3, 50))]
    assert len(head) == 2
    assert all(weights.min() >= 0 for weights in head)
