"""`seqattr benchmark` from end to end, at a size of seconds."""

import csv
import json
import sys

import pytest

from seqattr.digits import network
from seqattr.tal_gata.recipe import Recipe

SMALL = Recipe(train=200, epochs=1, evaluation=130, seeds=(0, 1))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("benchmark")


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr("seqattr.tal_gata.recipe.FULL", SMALL)


def test_a_benchmark_from_nothing(ran, small, folder):
    said = ran(
        "benchmark", "tal-gata", "--out", folder, "--method", "gradient", "--method", "deeplift"
    ).splitlines()
    steps = [line.rsplit(":", 1)[0] for line in said if line.endswith(" s")]
    scores = [
        f"score seed-{seed} {run}"
        for seed in (0, 1)
        for run in ("freq gradient", "freq deeplift", "shuffle:10 gradient", "shuffle:10 deeplift")
    ]
    assert steps == ["simulate", "train seed-0", *scores[:4], "train seed-1", *scores[4:], "collect"]
    assert said[-1] == f"wrote {folder / 'benchmark.html'}, from 8 runs of 2 nets"
    assert sum(line.startswith(("replicates", "does not replicate", "not measured")) for line in said) == 8
    with open(folder / "measures.tsv") as file:
        table = list(csv.DictReader(file, delimiter="\t"))
    assert {row["net"] for row in table} == {"seed 0", "seed 1"}
    # a run is one that the command line could have made
    run = json.loads((folder / "seed-1" / "shuffle-10" / "deeplift" / "run.json").read_text())
    assert (run["settings"]["references"], run["sequences"]) == ("shuffle:10", 130)


def test_methods_that_need_patterns_get_those_of_the_net(ran, monkeypatch, tmp_path):
    recipe = Recipe(
        train=100, epochs=1, evaluation=39, seeds=(0, 1), methods=("patternattribution", "gradient")
    )
    monkeypatch.setattr("seqattr.tal_gata.recipe.FULL", recipe)
    options = ("--method", "patternattribution", "--method", "gradient")
    said = ran("benchmark", "tal-gata", "--out", tmp_path, *options).splitlines()
    steps = [line.rsplit(":", 1)[0] for line in said if line.endswith(" s")]
    assert steps.index("patterns seed-1") == steps.index("train seed-1") + 1
    for seed in (0, 1):
        run = json.loads((tmp_path / f"seed-{seed}" / "freq" / "patternattribution" / "run.json").read_text())
        assert run["settings"]["patterns"] == str(tmp_path / f"seed-{seed}" / "patterns.h5")
        other = json.loads((tmp_path / f"seed-{seed}" / "freq" / "gradient" / "run.json").read_text())
        assert other["settings"]["patterns"] is None


def test_collecting_again_gives_the_same_to_the_byte(ran, small, folder, tmp_path):
    """What the benchmark's last step does, from the folders alone."""
    runs = [
        folder / f"seed-{s}" / r
        for s in (0, 1)
        for r in ("freq/deeplift", "freq/gradient", "shuffle-10/deeplift", "shuffle-10/gradient")
    ]
    metrics = [word for s in (0, 1) for word in ("--metrics", folder / f"seed-{s}" / "model.metrics.json")]
    ran("benchmark", "collect", *runs, "--simulation", folder / "evaluation", *metrics, "--out", tmp_path)
    for path in tmp_path.glob("*.[!j]*"):  # but for run.json, which tells the call
        assert path.read_bytes() == (folder / path.name).read_bytes(), path.name


@pytest.mark.parametrize("name", ["model.pt", "model.metrics.json", "patterns.h5", "freq/deeplift/TAL1.h5"])
def test_somebody_s_own_files_below_stand_and_are_found_before_the_work(refused, monkeypatch, tmp_path, name):
    path = tmp_path / "seed-0" / name
    path.parent.mkdir(parents=True)
    path.write_text('{"command": "mine"}')
    monkeypatch.setattr("seqattr.tal_gata.recipe.FULL", SMALL)
    line = refused("benchmark", "tal-gata", "--out", tmp_path)
    assert line.startswith("cannot write ")
    assert line.endswith("give another --out, or replace it with --force")
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == [path]


def test_what_cannot_be_asked_is_refused(refused, tmp_path):
    command = ("benchmark", "tal-gata", "--out", tmp_path / "b")
    assert refused(*command, "--seeds", "a") == "--seeds must look like 0,1,2, not 'a'"
    assert refused(*command, "--seeds", "1,1").startswith("the seeds must be different whole numbers")
    assert refused(*command, "--method", "magic").startswith("unknown method 'magic'; there is: deeplift")
    assert not (tmp_path / "b").exists()
    collect = ("benchmark", "collect", tmp_path / "none", "--simulation", tmp_path, "--out", tmp_path)
    assert "simulation" in refused(*collect)


def test_digits_are_turned_into_others(ran, refused, tmp_path, monkeypatch):
    pytest.importorskip("sklearn")
    monkeypatch.setattr(
        "seqattr.digits.run.Settings.__init__.__defaults__", ((0,), ("gradient", "deeplift-rescale"), 3, "")
    )
    split = network.load()
    few = (split.test.labels[:, None] == split.test.labels[None]).long().tril().sum(1) <= 2
    small = network.Digits(split.test.images[few], split.test.labels[few])
    monkeypatch.setattr("seqattr.digits.run.load", lambda: network.Split(split.train, small))
    said = ran("benchmark", "digits", "--out", tmp_path).splitlines()
    assert [line.rsplit(":", 1)[0] for line in said[:2]] == ["train seed-0", "erase seed-0"]
    assert said[2].startswith("of the digits that they have not seen, the nets tell ")
    assert [line.split(":")[0] for line in said[3:8]] == ["all pairs", "8 to 3", "8 to 6", "9 to 1", "4 to 1"]
    assert all("lead" in line and " ahead of " in line for line in said[3:8])
    with open(tmp_path / "digits.tsv") as file:
        table = list(csv.DictReader(file, delimiter="\t"))
    assert len(table) == 3 * 91
    first = next(row for row in table if row["pair"] == "all pairs" and row["method"] == said[3].split()[2])
    assert f"by {float(first['mean']):.2f} ({float(first['low']):.2f} to" in said[3]
    assert (tmp_path / "figures" / "digits_erased.svg").is_file()
    monkeypatch.setattr("sys.argv", ["seqattr", "benchmark", "digits", "--seeds", "1"])
    assert "another run (" in refused("benchmark", "digits", "--out", tmp_path, "--seeds", 1)


def test_without_scikit_learn_it_says_how_to_get_it(refused, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    line = refused("benchmark", "digits", "--out", tmp_path / "new")
    assert line.endswith("pip install 'seqattr[digits]'")
    assert not (tmp_path / "new").exists() or not list((tmp_path / "new").rglob("*.*"))
