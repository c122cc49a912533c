"""seqattr train: a model, its metrics, and checkpoints that are its own."""

import json
from pathlib import Path

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
