"""Folders of a config and weights: recognised by what is in them, built as their classes want it."""

import json
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

import seqattr

CODE = """
from torch import nn

class Hub(nn.Sequential):
    def __init__(self, filters=8, tasks=1):
        super().__init__(nn.Conv1d(4, filters, 5), nn.ReLU(), nn.AdaptiveMaxPool1d(1), nn.Flatten(),
                         nn.Linear(filters, tasks))

class Loose:
    def __init__(self, filters=8, tasks=1, **others):
        self.filters, self.tasks = filters, tasks

class Strict:
    def __init__(self, filters=8, tasks=1):
        self.filters, self.tasks = filters, tasks

class Transformed(nn.Module):
    config_class = Loose

    def __init__(self, config):
        super().__init__()
        self.net = Hub(config.filters, config.tasks)

    def forward(self, x):
        return self.net(x)

class Strictly(Transformed):
    config_class = Strict

class OfTable(Transformed):
    config_class = None

    def __init__(self, config):
        super().__init__(Strict(config["filters"], config["tasks"]))
"""
OPTIONS = ("--trust-model", "--input-length", 30)
CONFIG = {"filters": 12, "tasks": 2, "architectures": ["Transformed"], "model_type": "x"}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "hub_nets.py").write_text(CODE)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "config.json").write_text(json.dumps(CONFIG))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "hub_nets", raising=False)
    return tmp_path / "folder"


def net() -> nn.Module:
    with torch.random.fork_rng([]):
        torch.manual_seed(3)
        conv, dense = nn.Conv1d(4, 12, 5), nn.Linear(12, 2)
        return nn.Sequential(conv, nn.ReLU(), nn.AdaptiveMaxPool1d(1), nn.Flatten(), dense)


def state() -> dict[str, Tensor]:
    return {f"net.{name}": tensor for name, tensor in net().state_dict().items()}


def sharded(folder: Path, weights: dict[str, Tensor], form: str) -> None:
    """Each weight in a file of its own, and an index."""
    stem, ending = ("model", "safetensors") if form == "safetensors" else ("pytorch_model", "bin")
    where = {name: f"{stem}-{number:05d}.{ending}" for number, name in enumerate(weights)}
    for name, file in where.items():
        write = save_file if form == "safetensors" else torch.save
        write({name: weights[name]}, folder / file)
    index = {"metadata": {"total_size": 1}, "weight_map": where}
    (folder / f"{stem}.{ending}.index.json").write_text(json.dumps(index))


WRITERS = {
    "safetensors": lambda folder, weights: save_file(weights, folder / "model.safetensors"),
    "bin": lambda folder, weights: torch.save(weights, folder / "pytorch_model.bin"),
    "sharded safetensors": lambda folder, weights: sharded(folder, weights, "safetensors"),
    "sharded bin": lambda folder, weights: sharded(folder, weights, "bin"),
}


@pytest.mark.parametrize(
    ("form", "arch"),
    [("safetensors", "Transformed"), ("bin", "Strictly"), ("sharded safetensors", "OfTable"),
     ("sharded bin", "Hub")],
)  # fmt: skip
def test_a_folder_is_read_with_its_class(ran, here, form, arch):
    WRITERS[form](here, state())
    said = ran("convert", here, "--out", "m.pt", *OPTIONS, "--arch", f"hub_nets:{arch}")
    taken = "filters=12, tasks=2" if arch == "Hub" else "values"
    assert f"folder: built hub_nets:{arch} with config.json's {taken}" in said.replace("; ", "\n")
    assert ("stripped 'net.'" in said) == (arch == "Hub")
    sequences = torch.eye(4).repeat(2, 1, 8)[:, :, :30]
    model = seqattr.load_model("m.pt")
    torch.testing.assert_close(model.predict(sequences), net()(sequences).detach())
    assert model.provenance["kind"] == "a Hugging Face folder"


def test_arguments_that_are_given_go_before_the_config(ran, here):
    WRITERS["safetensors"](here, state())
    (here / "config.json").write_text(json.dumps(CONFIG | {"filters": 5}))
    arch = ("--arch", "hub_nets:Transformed", "--arch-args", '{"filters": 12}')
    assert "wrote m.pt" in ran("convert", here, "--out", "m.pt", *OPTIONS, *arch)


def test_without_its_class_the_config_s_name_for_it_is_told(refused, here):
    WRITERS["safetensors"](here, state())
    assert refused("inspect", here, *OPTIONS) == (
        f"{here} is a Hugging Face folder: say which class it belongs to, which config.json calls "
        "Transformed (--arch module:Class)"
    )
    line = refused("inspect", here)
    assert "is a Hugging Face folder, and loading it runs the code of its class" in line


def test_half_precision_is_said_and_computed_in_full(ran, here):
    WRITERS["safetensors"](here, {name: tensor.bfloat16() for name, tensor in state().items()})
    said = ran("convert", here, "--out", "m.pt", *OPTIONS, "--arch", "hub_nets:Transformed")
    assert "weights of bfloat16 are computed with in float32" in said
    sequences = torch.eye(4).repeat(2, 1, 8)[:, :, :30]
    rounded = net().bfloat16().float()(sequences).detach()
    torch.testing.assert_close(seqattr.load_model("m.pt").predict(sequences), rounded)


def index(folder: Path, files: object) -> None:
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": files}))


@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        (lambda d: index(d, {"w": "../secret.safetensors"}), "which is not beside it"),
        (lambda d: index(d, {"w": "/etc/passwd"}), "which is not beside it"),
        (lambda d: index(d, {"w": ".."}), "which is not beside it"),
        (lambda d: index(d, {"w": "gone.safetensors"}), "there is no model file"),
        (lambda d: index(d, {"w": 3}), "does not say in which file each weight is"),
        (lambda d: index(d, [1]), "does not say in which file each weight is"),
        (lambda d: (d / "model.safetensors.index.json").write_text("["), "cannot be read"),
        (lambda d: (d / "model.safetensors.index.json").write_text("[" * 10**5), "cannot be read"),
        (lambda d: (d / "model.safetensors.index.json").write_text("[]"), "holds no table"),
        (lambda d: (d / "model.safetensors").write_bytes(b"\0" * 90), "is not a PyTorch model file"),
        (lambda d: torch.save([1], d / "pytorch_model.bin"), "neither a model nor a state dict"),
        (lambda d: torch.save({"w": Path("x")}, d / "pytorch_model.bin"), "weights alone are read"),
        (lambda d: (WRITERS["bin"](d, state()), (d / "config.json").write_text("{" * 10**5)),
         "config.json cannot be read"),
        (lambda d: (WRITERS["bin"](d, state()), (d / "config.json").write_text('{"filters": 1e999}')),
         "cannot build --arch hub_nets:Hub"),
        (lambda d: (WRITERS["bin"](d, state()), (d / "config.json").write_bytes(b"\xff\xfe{")),
         "config.json cannot be read"),
    ],
)  # fmt: skip
def test_a_folder_that_is_not_what_it_should_be_is_one_line(refused, here, spoil, line):
    (here.parent / "secret.safetensors").write_bytes(b"secret")
    spoil(here)
    said = refused("convert", here, "--out", "m.pt", *OPTIONS, "--arch", "hub_nets:Hub")
    assert line in said
    assert "\n" not in said
