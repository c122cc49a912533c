"""Weights as people keep them are read, and what was stripped or left out is said; else one line cures."""

import argparse
import collections
import json
import pickle
import struct
import sys
import types
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch
from torch import nn

import seqattr
from seqattr.models.load import Foreign
from seqattr.models.weights import under_module_names
from tests.helpers.small_net import CODE, OPTIONS, small, state
from tests.helpers.small_net import here as here


class Gone:
    """A class that cannot be imported when the file is read."""

    def __init__(self) -> None:
        self.anything = {"a": 1}


KEPT: dict[str, tuple[Any, str]] = {
    "plain": (state(), ""),
    "DataParallel": (state("module."), "stripped 'module.' from the names of the weights"),
    "torch.compile": (state("_orig_mod."), "stripped '_orig_mod.' from the names"),
    "both": (state("module._orig_mod."), "stripped '_orig_mod.' and 'module.' from the names"),
    "Lightning, of the inner net": ({"state_dict": state("model.")}, "stripped 'model.' from the names"),
    "Lightning's net, and a loss": (
        {"state_dict": state("net.") | {"loss.weight": torch.ones(1)}},
        "stripped 'net.' from the names of the weights; 1 others were left out",
    ),
    "a training's checkpoint": (
        {"epoch": 3, "model_state_dict": state("model."), "optimizer": {"lr": 0.1}},
        "ignored optimizer",
    ),
    "under net": ({"net": state(), "epoch": 3}, "took the weights under ['net']"),
    "under weights": ({"weights": state()}, "took the weights under ['weights']"),
    "under two keys": ({"best": {"state_dict": state()}}, "took the weights under ['best']['state_dict']"),
    "a numpy number": ({"model_state_dict": state(), "loss": np.float64(0.3)}, ""),
    "a path": ({"state_dict": state(), "at": Path("x")}, "ignored at"),
    "a namespace": ({"state_dict": state(), "args": argparse.Namespace(a=1)}, "ignored args"),
    "a number beside": (state() | {"epoch": 3}, ""),
    "an ordered dict": (collections.OrderedDict(state()), ""),
    "hyper-parameters": (
        {"state_dict": state(filters=12), "hyper_parameters": {"filters": 12, "lr": 0.1}},
        "built small_nets:Small with the checkpoint's own filters=12",
    ),
    "hyper-parameters in a namespace": (
        {"state_dict": state(filters=12), "hparams": argparse.Namespace(filters=12)},
        "built small_nets:Small with the checkpoint's own filters=12",
    ),
    "what Lightning keeps beside them": (
        {
            "state_dict": state(),
            "loops": {"fit_loop": {}},
            "callbacks": {"a": 1},
            "optimizer_states": [{}],
            "lr_schedulers": [],
            "hparams_name": "kwargs",
            "pytorch-lightning_version": "2.6.6",
        },
        "",
    ),
    "a module": ({"model": small(), "epoch": 3}, "took the module under ['model']"),
}


@pytest.mark.parametrize("kind", KEPT)
@pytest.mark.usefixtures("here")
def test_weights_are_read_wherever_they_are_kept(ran, tmp_path, kind):
    content, note = KEPT[kind]
    torch.save(content, "kept.pt")
    said = ran("convert", "kept.pt", "--out", "m.pt", *OPTIONS, "--arch", "small_nets:Small")
    assert note in said
    assert ("warning: kept.pt: " in said) == bool(note)
    sequences = torch.eye(4).repeat(2, 1, 8)[:, :, :30]
    own = small(12 if "hyper" in kind else 8)(sequences).detach()
    torch.testing.assert_close(seqattr.load_model("m.pt").predict(sequences), own, rtol=1e-5, atol=1e-6)


def test_a_class_that_cannot_be_imported_does_not_hide_the_weights(ran, here, monkeypatch):
    module = types.ModuleType("gone_for_good")
    monkeypatch.setitem(sys.modules, "gone_for_good", module)
    monkeypatch.setattr(Gone, "__module__", "gone_for_good")
    module.Gone = Gone
    torch.save({"state_dict": state(), "trainer": Gone()}, "kept.pt")
    monkeypatch.delitem(sys.modules, "gone_for_good")
    said = ran("convert", "kept.pt", "--out", "m.pt", *OPTIONS, "--arch", "small_nets:Small")
    assert "left out what is of gone_for_good.Gone, which cannot be imported" in said


def test_arguments_that_are_given_go_before_those_of_the_checkpoint(ran, here):
    torch.save({"state_dict": state(filters=6), "hyper_parameters": {"filters": 12}}, "kept.pt")
    arch = ("--arch", "small_nets:Small", "--arch-args", '{"filters": 6}')
    assert "checkpoint's own" not in ran("convert", "kept.pt", "--out", "m.pt", *OPTIONS, *arch)


def test_a_class_in_a_file_by_its_path(ran, here, tmp_path, monkeypatch):
    (here / "elsewhere").mkdir()
    (here / "elsewhere" / "my_net.py").write_text("from beside import Small")
    (here / "elsewhere" / "beside.py").write_text(CODE)
    torch.save(state(), "kept.pt")
    assert "wrote m.pt" in ran(
        "convert", "kept.pt", "--out", "m.pt", *OPTIONS, "--arch", "elsewhere/my_net.py:Small"
    )
    monkeypatch.delitem(sys.modules, "my_net")
    monkeypatch.delitem(sys.modules, "beside")


def test_a_class_that_wraps_the_one_of_the_weights(ran, here):
    torch.save(state(), "kept.pt")
    said = ran("convert", "kept.pt", "--out", "m.pt", *OPTIONS, "--arch", "small_nets:Wrapped")
    assert "put 'net.' before the names of the weights" in said


def test_a_pickle_of_a_class_of_the_main_module_is_read_with_its_file(ran, refused, here, monkeypatch):
    sys.path.insert(0, str(here))
    try:
        from small_nets import Small
    finally:
        sys.path.remove(str(here))
    monkeypatch.setattr(Small, "__module__", "__main__")
    monkeypatch.setattr(sys.modules["__main__"], "Small", Small, raising=False)
    torch.save(Small(), "whole.pt")
    monkeypatch.delattr(sys.modules["__main__"], "Small")
    assert refused("convert", "whole.pt", "--out", "m.pt", *OPTIONS) == (
        "whole.pt is a pickle of the class Small of __main__, which cannot be imported here; give the file "
        "that defines it as --arch FILE.py:Small"
    )
    assert "wrote m.pt" in ran(
        "convert", "whole.pt", "--out", "m.pt", *OPTIONS, "--arch", "small_nets.py:Small"
    )


def test_nothing_is_guessed_where_names_do_not_fit():
    """Weights of two nets, or of another one, stay as they are: load_state_dict says what is wrong."""
    two = state("a.") | state("b.")
    assert under_module_names(two, small()) == (two, "")
    assert under_module_names(state("model.") | state("ema."), small())[1].startswith("stripped 'model.'")
    other = {"x.weight": torch.ones(2)}
    assert under_module_names(other, small()) == (other, "")
    assert under_module_names(other, nn.Identity()) == (other, "")


# --- cures -------------------------------------------------------------------------------------


def keras_zip(path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("model.weights.h5", "x")


def hdf5(path: Path, group: str) -> None:
    with h5py.File(path, "w") as file:
        file.create_group(group)


def safetensors(path: Path) -> None:
    header = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + b"\0\0\0\0")


class Absent(nn.Module):
    """Its module goes away."""


def pickled_elsewhere(path: Path) -> None:
    module = types.ModuleType("gone_for_good")
    module.Absent, Absent.__module__ = Absent, "gone_for_good"
    sys.modules["gone_for_good"] = module
    torch.save(Absent(), path)
    del sys.modules["gone_for_good"]


def zip_bomb(path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/data.pkl", pickle.dumps({}, 2))
        archive.writestr("a/data/0", bytes(2**25))


def colliding_keys(path: Path) -> None:
    """For each the same hash."""
    torch.save({"format": "seqattr model", "tensors": {n * (2**61 - 1): 0 for n in range(6000)}}, path)


OPTIMIZER = {"state": {0: {"step": torch.ones(1)}}, "param_groups": [{"lr": 0.1}]}
SMALL = ("--arch", "small_nets:Small")
LINES: dict[str, tuple[Any, tuple[str, ...], str]] = {
    "no class": (lambda p: torch.save(state(), p), (), "say which class it belongs to (--arch module:Class)"),
    "Lightning without a class": (
        lambda p: torch.save({"state_dict": state(), "pytorch-lightning_version": "2.6"}, p),
        (),
        "is a Lightning checkpoint: say which class it belongs to (--arch module:Class)",
    ),
    "a class that wants arguments": (
        lambda p: torch.save(state(), p),
        ("--arch", "small_nets:Needs"),
        """; give what it wants as --arch-args '{"filters": ..., "taps": ...}'""",
    ),
    "no such file": (
        lambda p: torch.save(state(), p), ("--arch", "none.py:Small"), "ImportError: there is no file none.py"
    ),
    "a module that is not on the path": (
        pickled_elsewhere,
        (),
        "is a pickle of the class Absent of gone_for_good, which cannot be imported here; give the file that "
        "defines it as --arch FILE.py:Absent, or the folder of that module as PYTHONPATH",
    ),
    "an optimizer's": (lambda p: torch.save(OPTIMIZER, p), SMALL, "an optimizer's state; save the model's"),
    "an optimizer beside numbers": (
        lambda p: torch.save({"optimizer": OPTIMIZER, "epoch": 1}, p), SMALL, "it is an optimizer's state"
    ),
    "two nets": (
        lambda p: torch.save({"generator": state(), "critic": state()}, p),
        SMALL,
        "there are several in it, generator, critic; save the one that you mean by itself",
    ),
    "ONNX": (lambda p: p.write_bytes(b"\x08\x07\x12\x07pytorch\x1a\x03"), (), "it is an ONNX model"),
    "an HDF5 file of numbers": (lambda p: hdf5(p, "data"), (), "it is HDF5 of data, and no Keras model's"),
    "a .keras": (keras_zip, (), "file.pt is truncated or damaged"),
    "contributions": (lambda p: hdf5(p, "shap"), (), "it holds contributions that seqattr wrote"),
    "a folder with models": (
        lambda p: (p.mkdir(), torch.save({}, p / "a.ckpt")), (), "name one of what it holds: a.ckpt"
    ),
    "keys that collide": (colliding_keys, (), "holds a number of more than 64 bits"),
    "a zip bomb": (zip_bomb, SMALL, "would unpack to 33,554,"),
}  # fmt: skip


@pytest.mark.parametrize("kind", LINES)
def test_what_cannot_be_read_is_one_line_with_the_cure(refused, here, kind):
    make, options, line = LINES[kind]
    make(here / "file.pt")
    found = refused("convert", "file.pt", "--out", "m.pt", *OPTIONS, *options)
    assert line in found
    assert "\n" not in found
    assert not (here / "m.pt").exists()


def test_safetensors_need_the_class_and_so_trust(refused, here):
    safetensors(here / "w.safetensors")
    line = refused("convert", "w.safetensors", "--out", "m.pt", *OPTIONS, *SMALL)
    assert "does not fit small_nets:Small" in line
    untrusted = refused("convert", "w.safetensors", "--out", "m.pt", "--input-length", "30")
    assert "is a safetensors file of weights, and loading it runs the code of its class" in untrusted


def test_the_library_gives_the_notes_with_the_model(here):
    torch.save(state("module."), "kept.pt")
    model = seqattr.load_model("kept.pt", trust=True, foreign=Foreign(length=30, arch="small_nets:Small"))
    assert model.notes == ("kept.pt: stripped 'module.' from the names of the weights",)
