"""Nothing takes the place of what a model is made of beside its file: its class, its folder, its inputs."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

NET = """
from torch import nn

class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv1d(4, 2, 3), nn.Flatten(), nn.Linear(36, 1))
"""


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state dict, and the file of its class beside it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "kept_nets", raising=False)
    (tmp_path / "kept_nets.py").write_text(NET)
    net = nn.Sequential(nn.Conv1d(4, 2, 3), nn.Flatten(), nn.Linear(36, 1))
    torch.save(net.state_dict(), tmp_path / "weights.pth")
    return tmp_path / "weights.pth"


OPTIONS = ("--trust-model", "--input-length", 20, "--force")


@pytest.mark.parametrize("arch", ["kept_nets.py:Net", "kept_nets:Net"])
def test_the_file_of_a_class_stays(refused, weights, arch):
    path = weights.parent / "kept_nets.py"
    line = refused("convert", weights, "--out", path, "--arch", arch, *OPTIONS)
    assert line.startswith(f"cannot write {path}: it is one of the inputs")
    assert path.read_text() == NET


def test_the_files_of_a_folder_stay(refused, weights, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    weights.rename(folder / "pytorch_model.bin")
    for name in ("config.json", "pytorch_model.bin"):
        before = (folder / name).read_bytes()
        line = refused("convert", folder, "--out", folder / name, "--arch", "kept_nets.py:Net", *OPTIONS)
        assert line.startswith(f"cannot write {folder / name}: it is one of the inputs")
        assert (folder / name).read_bytes() == before


class Scaled(nn.Module):
    def forward(self, x, scale):
        return (x * scale).sum((1, 2))[:, None]


def test_the_file_of_an_input_stays(run, tmp_path):
    torch.save(Scaled(), tmp_path / "scaled.pt")
    np.savez(tmp_path / "scale.npz", scale=np.ones((4, 20), np.float32), other=np.zeros(1))
    before = (tmp_path / "scale.npz").read_bytes()
    options = ("--input", f"scale={tmp_path / 'scale.npz'}:scale", *OPTIONS)
    done = run("convert", tmp_path / "scaled.pt", "--out", tmp_path / "scale.npz", *options)
    assert done.code == 1
    assert f"cannot write {tmp_path / 'scale.npz'}: it is one of the inputs" in done.err
    assert (tmp_path / "scale.npz").read_bytes() == before


def test_an_array_of_objects_is_no_input(refused, tmp_path):
    torch.save(Scaled(), tmp_path / "scaled.pt")
    np.savez(tmp_path / "objects.npz", scale=np.array([{}], dtype=object))
    (tmp_path / "text.npz").write_text(json.dumps([1, 2]))
    for name in ("objects.npz", "text.npz"):
        options = ("--input", f"scale={tmp_path / name}", *OPTIONS)
        line = refused("convert", tmp_path / "scaled.pt", "--out", tmp_path / "o.pt", *options)
        assert (
            line == f"--input scale={tmp_path / name} cannot be read: it is no .npy or .npz file of numbers"
        )
