"""Every method on the models that people have: valid numbers, of the right shape, for all targets."""

import functools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import seqattr
from seqattr.io.hdf5.stored import read_contributions
from seqattr.methods.registry import METHODS
from seqattr.models.zoo import build
from tests.helpers.kinds_of_method import BLURRED, ready, suits
from tests.helpers.pieces import BPNet, Net
from tests.helpers.sequences import one_hot, shuffled

LENGTH = 120


def basset() -> nn.Module:
    """Wide convolutions with batch norms and max pools, then dense layers."""
    layers = [nn.Conv1d(4, 12, 9), nn.BatchNorm1d(12), nn.ReLU(), nn.MaxPool1d(3)]
    layers += [nn.Conv1d(12, 10, 5), nn.BatchNorm1d(10), nn.ReLU(), nn.MaxPool1d(4)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(80, 9), nn.ReLU(), nn.Dropout(), nn.Linear(9, 3))


def transformer() -> nn.Module:
    """A convolution, two layers of attention, the mean over positions."""
    layer = nn.TransformerEncoderLayer(8, 2, 16, activation="gelu", batch_first=True)
    parts = {"conv": nn.Conv1d(4, 8, 9), "pool": nn.MaxPool1d(4), "out": nn.Linear(8, 2)}

    def run(m: Net, x: torch.Tensor) -> torch.Tensor:
        return m.out(m.layers(m.pool(m.conv(x).relu()).transpose(1, 2)).mean(1))

    return Net(run, layers=nn.TransformerEncoder(layer, 2, enable_nested_tensor=False), **parts)


MODELS: dict[str, Callable[[], nn.Module]] = {
    "TAL-GATA": lambda: build("tal-gata", LENGTH, 3),
    "BPNet": BPNet,
    "Basset": basset,
    "transformer": transformer,
}


@functools.cache
def model(name: str) -> seqattr.Model:
    torch.manual_seed(0)
    return seqattr.Model(MODELS[name]().eval(), torch.zeros(2, 4, LENGTH))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", MODELS)
def test_numbers_are_valid(name: str, method: str) -> None:
    x = one_hot(2, LENGTH)
    assert suits(model(name), method)
    got = seqattr.attribute(model(name), x, shuffled(x), method=ready(model(name), method))
    targets = len(model(name).targets)
    assert got.contributions.shape == (targets, 2, LENGTH)
    assert got.hypothetical.shape == (targets, 2, 4, LENGTH)
    assert all(field.isfinite().all() for field in got if isinstance(field, torch.Tensor))
    assert (got.contributions != 0).any()
    observed = (got.hypothetical * x).sum(2)
    scale = float(got.hypothetical.abs().max())
    torch.testing.assert_close(observed.to(got.contributions), got.contributions, rtol=0, atol=1e-5 * scale)


@pytest.mark.parametrize("method", METHODS)
def test_score_writes_them(method: str, free: Path, fasta: Callable, ran: Callable, tmp_path: Path) -> None:
    options = ["--refs", "shuffle:2", "--method", method, "--out", tmp_path / "out"]
    if METHODS[method].needs_patterns:
        ran("patterns", "--model", free, "--fasta", fasta(7), "--out", tmp_path / "p.h5")
        options += ["--patterns", tmp_path / "p.h5"]
    ran("score", "--model", free, "--fasta", fasta(3), *options)
    found = read_contributions(tmp_path / "out" / "target0.h5")
    assert found.contributions.shape[0] == 3
    assert np.isfinite(found.contributions).all()
    if method in ("shapley-sampling", "lime"):
        assert found.standard_error is not None
        assert (found.standard_error > 0).any()


def test_score_takes_a_step_by_name(free: Path, fasta: Callable, ran: Callable, tmp_path: Path) -> None:
    ran(
        "score",
        "--model",
        free,
        "--fasta",
        fasta(3),
        "--method",
        "grad-cam:conv1d",
        "--out",
        tmp_path / "out",
    )
    assert read_contributions(tmp_path / "out" / "target0.h5").contributions.shape[0] == 3


def test_score_names_the_steps_there_are(
    free: Path, fasta: Callable, refused: Callable, tmp_path: Path
) -> None:
    options = ("--method", "grad-cam:conv9", "--out", tmp_path / "out")
    said = refused("score", "--model", free, "--fasta", fasta(3), *options)
    assert said.startswith("unknown step 'conv9'; there is: conv1d")


@pytest.mark.parametrize("name", [name for name, m in METHODS.items() if m.complete and name not in BLURRED])
def test_linear_models_give_the_weights_times_the_difference(name: str) -> None:
    """Of a convolution and a sum, in whatever way they are put together."""
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv1d(4, 6, 5), nn.AvgPool1d(2), nn.Flatten(), nn.Linear(6 * 10, 1)).double()
    x = one_hot(3)
    references = shuffled(x, 1)
    probe = torch.zeros(1, 4, 24, dtype=torch.float64, requires_grad=True)
    (weights,) = torch.autograd.grad(module(probe).sum(), probe)
    linear = seqattr.Model(module, torch.zeros(2, 4, 24, dtype=torch.float64))
    got = seqattr.attribute(linear, x, references, method=name).contributions[0]
    torch.testing.assert_close(got, (weights * (x - references[:, 0])).sum(1), rtol=0, atol=1e-13)
