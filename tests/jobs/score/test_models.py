"""Several models, and both strands, are averaged."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

import seqattr
from seqattr.inputs import from_fasta
from seqattr.jobs.export import export
from seqattr.jobs.score.run import score
from seqattr.jobs.score.settings import Settings
from tests.helpers.score_runs import ROWS, SETTINGS
from tests.helpers.scoring import read

pytestmark = pytest.mark.usefixtures("small_blocks")


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
