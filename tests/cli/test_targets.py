"""Targets that are expressions, on every command that takes --target."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from torch import Tensor, nn

import seqattr
from seqattr.dna.alphabet import one_hot

LENGTH = 120
ASKED = ["counts", "gap=counts:0-counts:1", "sum(profile:0,40..60)"]
FILES = ["counts", "gap", "sum_profile_0_40..60_"]


class Heads(nn.Module):
    """A BPNet in small: a profile of two strands, and log counts of each."""

    def __init__(self, scale: float = 1.0) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.conv, self.scale = nn.Conv1d(4, 5, 11), scale
        self.profile, self.counts = nn.Conv1d(5, 2, 1), nn.Linear(5, 2)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        h = self.conv(x).relu() * self.scale
        return self.profile(h), self.counts(h.mean(-1))


@pytest.fixture(scope="module")
def bpnets(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two models in files, as two folds."""
    folder = tmp_path_factory.mktemp("bpnets")
    for fold in (0, 1):
        model = seqattr.Model(Heads(1 + fold), torch.zeros(2, 4, LENGTH))
        seqattr.save_model(folder / f"fold{fold}.pt", model)
    return [folder / "fold0.pt", folder / "fold1.pt"]


def words(targets: list[str]) -> list[str]:
    return [word for target in targets for word in ("--target", target)]


@pytest.fixture
def sequences(fasta, texts):
    return fasta(texts(4, LENGTH))


def contributions(folder: Path, stem: str) -> np.ndarray:
    with h5py.File(folder / f"{stem}.h5") as file:
        return np.asarray(file["projected_shap/seq"][:].sum(1))


def test_a_bpnet_is_explained_by_counts_and_profile_and_says_so(ran, bpnets, sequences, texts, tmp_path):
    said = ran(
        "score", "--model", bpnets[0], "--fasta", sequences, "--refs", "zeros", "--out", tmp_path / "o"
    )
    assert "has a profile and counts: these are explained; --target all takes 222 values" in said
    assert "explained the model's own outputs: counts, profile" in said
    assert sorted(path.stem for path in (tmp_path / "o").glob("*.h5")) == ["counts", "profile"]
    x = torch.from_numpy(one_hot(texts(4, LENGTH)))
    model = seqattr.load_model(bpnets[0])
    expected = seqattr.attribute(model, x, torch.zeros(1, 4, LENGTH)).contributions
    for stem, wanted in zip(("counts", "profile"), expected, strict=True):
        np.testing.assert_allclose(contributions(tmp_path / "o", stem), wanted, rtol=1e-3, atol=1e-6)


def test_folds_take_expressions_each_of_its_own_outputs(ran, bpnets, sequences, texts, tmp_path):
    call = [
        "score",
        *(w for path in bpnets for w in ("--model", path)),
        "--fasta",
        sequences,
        "--refs",
        "zeros",
    ]
    said = ran(*call, *words(ASKED), "--out", tmp_path / "o", "--method", "gradient")
    assert f": {', '.join(['counts', 'gap', ASKED[2]])}\n" in said
    assert sorted(path.stem for path in (tmp_path / "o").glob("*.h5")) == sorted(FILES)
    run = json.loads((tmp_path / "o" / "run.json").read_text())
    assert run["targets"] == ["counts", "gap", ASKED[2]]
    assert run["settings"]["targets"] == ASKED
    x, models = torch.from_numpy(one_hot(texts(4, LENGTH))), [seqattr.load_model(path) for path in bpnets]
    expected = seqattr.attribute(models, x, targets=ASKED, method="gradient").contributions
    for stem, wanted in zip(FILES, expected, strict=True):
        np.testing.assert_allclose(contributions(tmp_path / "o", stem), wanted, rtol=1e-3, atol=1e-6)


def test_another_expression_of_the_same_name_is_another_run(ran, bpnets, sequences, tmp_path):
    call = ["score", "--model", bpnets[0], "--fasta", sequences, "--refs", "zeros", "--out", tmp_path / "o"]
    ran(*call, "--target", "x=counts:0")
    first = contributions(tmp_path / "o", "x")
    ran(*call, "--target", "x=counts:1")
    assert not np.allclose(first, contributions(tmp_path / "o", "x"))


def test_convert_stores_expressions_and_score_needs_no_target(ran, run, bpnets, sequences, tmp_path):
    said = ran("convert", bpnets[0], "--out", tmp_path / "few.pt", *words(ASKED))
    assert "3 targets" in said
    stored = run("inspect", tmp_path / "few.pt").out
    assert "gap=counts:0-counts:1" in stored
    ran(
        "score",
        "--model",
        tmp_path / "few.pt",
        "--fasta",
        sequences,
        "--refs",
        "zeros",
        "--out",
        tmp_path / "a",
    )
    options = ["--fasta", sequences, "--refs", "zeros", "--out", tmp_path / "b", *words(ASKED)]
    ran("score", "--model", bpnets[0], *options)
    for stem in FILES:
        np.testing.assert_allclose(
            contributions(tmp_path / "a", stem), contributions(tmp_path / "b", stem), rtol=0, atol=1e-7
        )
    assert "counts, profile, where none is named" in run("inspect", bpnets[0]).out


@pytest.mark.slow
def test_a_report_and_a_plot_of_expressions(ran, bpnets, sequences, tmp_path):
    call = ["score", "--model", bpnets[0], "--fasta", sequences, "--refs", "zeros", "--out", tmp_path / "o"]
    ran(*call, *words(ASKED))
    ran("report", tmp_path / "o", "--motifs", "bundled")
    assert ASKED[2] in (tmp_path / "o" / "report" / "report.html").read_text()
    ran(
        "plot", tmp_path / "o", "--region", "r0:20-60", *words(["gap", ASKED[2]]), "--out", tmp_path / "p.svg"
    )
    ran("export", tmp_path / "o", "--format", "modisco", "--target", ASKED[2], "--out", tmp_path / "m")


def test_analyses_take_expressions(ran, refused, bpnets, sequences, tmp_path):
    some = ["--model", bpnets[0], "--fasta", sequences]
    ran("sensitivity", *some, *words(ASKED), "--out", tmp_path / "s")
    with np.load(tmp_path / "s" / "sensitivity.npz") as arrays:
        assert arrays["targets"].tolist() == ["counts", "gap", ASKED[2]]
    assert "these are explained" in ran("sensitivity", *some, "--out", tmp_path / "t")
    ran("counterfactual", *some, "--target", "counts:0-counts:1", "--most", 1, "--out", tmp_path / "c.tsv")
    ran("counterfactual", *some, "--most", 1, "--out", tmp_path / "d.tsv")
    best = ["maximize", "--model", bpnets[0], "--steps", 2, "--polish", 0, "--number", 1]
    ran(*best, "--target", "log(counts)", "--out", tmp_path / "m")
    assert "one target is wanted, and 'all' is 222 of them" in refused(
        *best, "--target", "all", "--out", tmp_path / "n"
    )


@pytest.mark.parametrize(
    ("target", "line"),
    [
        ("counts:5", "counts has the shape (2,), counted from 0: there is no 5 in dimension 1 of 1"),
        ("sum(x)", "unknown output 'x'; there is: profile, counts, 0, output0"),
        ("profile:0", "'profile:0' names 110 values of an output, and a target is one"),
        ("log(counts", "cannot read the target 'log(counts': expected a closing bracket, not its end"),
    ],
)
def test_a_wrong_expression_is_one_line(refused, bpnets, sequences, tmp_path, target, line):
    call = ["score", "--model", bpnets[0], "--fasta", sequences, "--refs", "zeros", "--out", tmp_path / "o"]
    assert line in refused(*call, "--target", target)
    assert not (tmp_path / "o").exists()


def test_too_many_targets_are_refused_with_what_to_write(refused, fasta, tmp_path):
    profile = nn.Sequential(nn.Conv1d(4, 3, 1), nn.Flatten())
    seqattr.save_model(tmp_path / "wide.pt", seqattr.Model(profile, torch.zeros(2, 4, 40)))
    line = refused("score", "--model", tmp_path / "wide.pt", "--fasta", fasta(2), "--out", tmp_path / "o")
    assert "say which to explain (--target), or what of them: sum(OUTPUT), mean(OUTPUT)" in line
