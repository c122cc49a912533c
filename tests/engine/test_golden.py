"""Contributions equal those of the original DeepLIFT, network by network."""

import functools
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from seqattr.engine.capture.model import Model
from seqattr.methods.attribution import attribute
from seqattr.methods.registry import METHODS

GOLDEN = sorted((Path(__file__).parents[1] / "golden").glob("net*.npz"))
MODES = {
    "Rescale": "deeplift-rescale",
    "RevealCancel": "deeplift-revealcancel",
    "DeepLIFT_GenomicsDefault": "deeplift",
    "Gradient": "gradient",
    "GuidedBackprop": "guided-backprop",
    "IntegratedGradients10": "integrated-gradients-10",
}
# The original sends a max pool's gradient to the sequence's own largest, which is not additive.
NOT_ADDITIVE = "net04_maxpool"
ACTIVATIONS = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "flatten": nn.Flatten,
    "dropout": nn.Dropout,
}


class ChannelPReLU(nn.Module):
    """The original's PReLU has a slope for each channel."""

    def __init__(self, alpha: torch.Tensor) -> None:
        super().__init__()
        self.alpha = nn.Parameter(alpha)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.prelu(x, self.alpha.flatten())


class SamePad(nn.Module):
    def __init__(self, left: int, right: int) -> None:
        super().__init__()
        self.pads = (left, right)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.pad(x, self.pads)


class GlobalPool(nn.Module):
    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.mean(-1) if "avg" in self.name else x.amax(-1)


def build(data: "np.lib.npyio.NpzFile") -> nn.Sequential:
    """The network that a golden file describes, in float64."""
    layers: list[nn.Module] = []
    for i, spec in enumerate(json.loads(str(data["spec"]))["layers"]):
        weights = {
            key.split("__")[2]: torch.from_numpy(data[key])
            for key in data.files
            if key.startswith(f"param__{i}__")
        }
        layers += layer(spec, weights)
    return nn.Sequential(*layers).double().eval()


def layer(spec: dict, weights: dict[str, torch.Tensor]) -> list[nn.Module]:
    kind = spec["type"]
    if kind == "conv":
        out, into, k = weights["weight"].shape
        module = nn.Conv1d(into, out, k, stride=spec.get("stride", 1))
        module.load_state_dict(weights)
        pads = (spec.get("pad_left", 0), spec.get("pad_right", 0))
        return [SamePad(*pads), module] if any(pads) else [module]
    if kind == "dense":
        module = nn.Linear(*reversed(weights["weight"].shape))
        module.load_state_dict(weights)
        return [module]
    if kind in ("batchnorm", "bn"):
        norm = nn.BatchNorm1d(len(weights["mean"]), eps=spec.get("eps", 1e-3))
        names = {"weight": "gamma", "bias": "beta", "running_mean": "mean", "running_var": "var"}
        norm.load_state_dict(
            {k: weights[v] for k, v in names.items()} | {"num_batches_tracked": torch.tensor(0)}
        )
        return [norm]
    if kind == "prelu":
        return [ChannelPReLU(weights["alpha"])]
    if kind in ("maxpool", "avgpool"):
        pool = nn.MaxPool1d if kind == "maxpool" else nn.AvgPool1d
        return [pool(spec["k"], spec.get("stride", spec["k"]))]
    if kind.startswith("global") or kind in ("gap", "gmp"):
        return [GlobalPool("avg" if kind == "gap" else kind)]
    return [ACTIVATIONS[kind]()]


@functools.cache
def captured(path: Path) -> Model:
    with np.load(path) as data:
        return Model(build(data), torch.from_numpy(data["x"]))


@pytest.mark.parametrize("reference", ["shuf", "freq"])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_contributions_equal_the_original(path: Path, mode: str, reference: str) -> None:
    data = np.load(path)
    x, r = data["x"], data[f"ref_{reference}"]
    result = attribute(captured(path), x, r[:, None], method=MODES[mode])
    if path.stem == NOT_ADDITIVE and METHODS[MODES[mode]].complete:
        assert result.additivity_error.max() < 1e-9
        return
    wanted = data[f"contribs__{mode}__{reference}"]
    got = result.multipliers.numpy() * (x - r)[None]
    assert np.abs(got - wanted).max() <= 1e-6 * np.abs(wanted).max()
    assert np.abs(result.contributions.numpy() - wanted.sum(2)).max() <= 1e-6 * np.abs(wanted).max()


def test_golden_files_are_here() -> None:
    assert len(GOLDEN) >= 7
