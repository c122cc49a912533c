"""Weights of the zoo's architectures are read without trust; their shapes tell what they were built with."""

import json
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

import seqattr
from seqattr.errors import ModelError
from seqattr.models import zoo
from seqattr.models.geometry import Foreign
from seqattr.models.zoo_weights import build

SMALL: dict[str, dict[str, Any]] = {
    "bpnet-counts": {"filters": 12, "layers": 3},
    "bpnet": {"filters": 12, "layers": 3, "control_tracks": 2},
    "chrombpnet": {"filters": 10, "layers": 3, "bias_filters": 6, "bias_layers": 2},
}
LENGTH, TASKS = 700, 3


def module(name: str, length: int = LENGTH, tasks: int = TASKS) -> nn.Module:
    with torch.random.fork_rng([]):
        torch.manual_seed(1)
        return zoo.build(name, length, tasks, **SMALL.get(name, {})).eval()


@pytest.mark.parametrize("name", zoo.ARCHITECTURES)
def test_the_arguments_are_found_from_the_shapes(name):
    net = module(name)
    again, said, facts = build(Foreign(arch=name, length=LENGTH), net.state_dict())
    again.load_state_dict(net.state_dict())
    assert f"tasks={TASKS}" in said
    assert all(f"{key}={value}" in said for key, value in SMALL.get(name, {}).items())
    assert facts == Foreign(length=LENGTH)


def test_the_length_is_asked_for_where_several_fit_and_the_range_is_told():
    state = module("deepstarr", 249, 2).state_dict()
    with pytest.raises(ModelError, match="inputs of 240 to 255 bp: its input length must be given"):
        build(Foreign(arch="deepstarr"), state)
    with pytest.raises(ModelError, match="fit deepstarr for inputs of 240 to 255 bp, not of 300"):
        build(Foreign(arch="deepstarr", length=300), state)


@pytest.mark.parametrize(
    ("arch", "args", "line"),
    [
        ("tal-gata", {}, "not those of tal-gata as the zoo has it: they lack"),
        ("basset", {}, "not those of basset as the zoo has it"),
        ("deepstarr", {"tasks": 5}, r"not fit deepstarr with .*tasks=5, .*: logits.25.weight is \(2, 256\)"),
        ("deepstarr", {"nope": 5}, "cannot build `Foreign.arch=deepstarr`: .*unexpected keyword argument"),
        ("deepstarr", {"tasks": "many"}, "cannot build `Foreign.arch=deepstarr`"),
    ],
)
def test_what_does_not_fit_is_told(arch, args, line):
    state = module("deepstarr", 249, 2).state_dict()
    with pytest.raises(ModelError, match=line):
        build(Foreign(arch=arch, arch_args=args, length=249), state)


@pytest.mark.parametrize("kind", ["state dict", "checkpoint", "safetensors", "folder"])
def test_weights_in_every_file_need_no_trust(run, tmp_path, kind):
    net = module("tal-gata", 60, 2)
    state = {f"module.{name}": tensor for name, tensor in net.state_dict().items()}
    path = tmp_path / "weights"
    if kind == "safetensors":
        save_file(state, path)
    elif kind == "folder":
        path.mkdir()
        save_file(state, path / "model.safetensors")
        (path / "config.json").write_text(json.dumps({"tasks": 10**9}))  # not believed
    else:
        torch.save(state if kind == "state dict" else {"epoch": 1, "state_dict": state}, path)
    done = run("convert", path, "--out", tmp_path / "m.pt", "--arch", "tal-gata", "--input-length", 60)
    assert done.code == 0
    assert "stripped 'module.'" in done.err
    assert "built tal-gata with tasks=2" in done.err
    model = seqattr.load_model(tmp_path / "m.pt")
    sequences = torch.eye(4).repeat(2, 1, 15)
    torch.testing.assert_close(model.predict(sequences), net.logits(sequences).detach())
    assert model.provenance["arch"] == "tal-gata"


def test_a_length_that_weights_do_not_tell_is_asked_for(refused, tmp_path):
    torch.save(module("tal-gata", 60).state_dict(), tmp_path / "w.pt")
    line = refused("convert", tmp_path / "w.pt", "--out", tmp_path / "m.pt", "--arch", "tal-gata")
    assert line.endswith("is a state dict: its input length must be given (--input-length L)")


def test_a_pickle_needs_trust_whatever_the_architecture(refused, tmp_path):
    torch.save({"state_dict": module("tal-gata", 60).state_dict(), "by": Foreign()}, tmp_path / "w.pt")
    line = refused("inspect", tmp_path / "w.pt", "--arch", "tal-gata", "--input-length", 60)
    assert "reading it can run code" in line
