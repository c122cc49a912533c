"""A malicious or damaged file of Keras gives one line, and nothing of it is run."""

import base64
import json
import marshal
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from seqattr.errors import ModelError
from seqattr.models.load import load_model
from tests.helpers.keras_networks import (
    keras_package,
    old_entry,
    old_functional,
    old_input,
    old_weights,
    shuffled,
    write_old_h5,
)

Made = Callable[[Path], None]
CONV = {"filters": 3, "kernel_size": [5], "activation": "relu"}
ARRAYS = {
    "conv": {"conv/kernel:0": np.zeros((5, 4, 3)), "conv/bias:0": np.zeros(3)},
    "out": {"out/kernel:0": np.zeros((3, 1)), "out/bias:0": np.zeros(1)},
}
CODE = base64.b64encode(marshal.dumps(compile("open('ran', 'w')", "x", "exec"))).decode()
LAMBDA = {"class_name": "Lambda", "config": {"name": "twist", "function": [CODE, None, None]}}


def sequential(*others: Mapping[str, Any], first: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A small net of Keras 2, with other layers before its last."""
    conv = {"name": "conv", "batch_input_shape": [None, 30, 4], **CONV, **(first or {})}
    layers = [
        {"class_name": "Conv1D", "config": conv},
        {"class_name": "GlobalMaxPooling1D", "config": {"name": "pool"}},
        *others,
        {"class_name": "Dense", "config": {"name": "out", "units": 1}},
    ]
    return {"class_name": "Sequential", "config": {"name": "net", "layers": layers}}


def with_layer(kind: str, **config: Any) -> Made:
    """A file with one more layer."""
    layer = {"class_name": kind, "config": {"name": "more", **config}}
    return lambda path: write_old_h5(path, sequential(layer), ARRAYS) and None


def of(config: Mapping[str, Any], weights: Any = None) -> Made:
    return lambda path: write_old_h5(path, config, ARRAYS if weights is None else weights) and None


def changed(change: Callable[[h5py.File, Path], None]) -> Made:
    """A good file, and then something else in it."""

    def make(path: Path) -> None:
        write_old_h5(path, sequential(), ARRAYS)
        with h5py.File(path, "a") as file:
            change(file, path)

    return make


def cut(path: Path) -> None:
    write_old_h5(path, sequential(), ARRAYS)
    path.write_bytes(path.read_bytes()[:-700])


def linked(kind: str) -> Callable[[h5py.File, Path], None]:
    def change(file: h5py.File, path: Path) -> None:
        del file["model_weights/conv/conv/kernel:0"]
        other = path.with_name("other.h5")
        with h5py.File(other, "w") as secret:
            secret["secret"] = np.zeros((5, 4, 3), "float32")
        links = {"soft": h5py.SoftLink("/model_weights/out"), "external": h5py.ExternalLink(other, "/secret")}
        file["model_weights/conv/conv/kernel:0"] = links[kind]

    return change


def outside(file: h5py.File, path: Path) -> None:
    """An array whose numbers lie in another file."""
    del file["model_weights/out/out/bias:0"]
    file.create_dataset(
        "model_weights/out/out/bias:0", (1,), "float32", external=[(str(path.with_name("raw")), 0, 4)]
    )


def never_written(file: h5py.File, path: Path) -> None:
    del file["model_weights/out/out/bias:0"]
    file.create_dataset("model_weights/out/out/bias:0", (2**36,), "float32", chunks=(2**20,))


def of_texts(file: h5py.File, path: Path) -> None:
    del file["model_weights/out/out/bias:0"]
    file["model_weights/out/out/bias:0"] = [b"five"]


def in_itself(file: h5py.File, path: Path) -> None:
    file["model_weights/conv/again"] = file["model_weights"]  # a circle of hard links, which is harmless
    del file["model_weights/out"]


def nested(depth: int) -> dict[str, Any]:
    config = sequential()
    for number in range(depth):
        config = {"class_name": "Sequential", "config": {"name": f"in{number}", "layers": [config]}}
    return config


def circle() -> dict[str, Any]:
    layers = [
        old_input("dna", 30, 4),
        old_entry("Add", "a", {}, ["dna", "b"]),
        old_entry("Activation", "b", {"activation": "relu"}, "a"),
    ]
    return old_functional("net", layers, ["dna"], ["b"])


def keras_zip(config: Any, weights: bytes | None = None) -> Made:
    def make(path: Path) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("config.json", config if isinstance(config, str) else json.dumps(config))
            archive.writestr("metadata.json", json.dumps({"keras_version": "3.9.0"}))
            archive.writestr("model.weights.h5", b"no HDF5" if weights is None else weights)

    return make


SYSTEM = {"class_name": "system", "module": "os", "config": {"command": "touch ran"}}
GHOST = [old_input("dna", 30, 4), old_entry("ReLU", "a", {}, "ghost")]
LINES: dict[str, tuple[Made, str]] = {
    "a Lambda": (of(sequential(LAMBDA)), "layer twist is a Lambda, whose code is not run; give a function"),
    "a Lambda in another layer": (
        with_layer("TimeDistributed", layer=LAMBDA), "its layer twist is a Lambda, whose code is not run"
    ),
    "a class of another module": (
        of(sequential(SYSTEM)),
        "is a system, which Keras 3 does not have",
    ),
    "a function of the package": (with_layer("load_model", filepath="x"), "is a load_model, which Keras 3"),
    "a pickled module": (with_layer("TorchModuleWrapper", module=CODE), "is a TorchModuleWrapper, which"),
    "a model of TensorFlow": (with_layer("TFSMLayer", filepath="/tmp"), "is a TFSMLayer, which Keras 3"),
    "an activation that is code": (
        with_layer("Activation", activation="get"), "its activation get is none that Keras 3 has"
    ),
    "an activation that is a table": (
        with_layer("Activation", activation={"class_name": "function", "config": "os.system"}),
        "its activation os.system is none that Keras 3 has",
    ),
    "a table in the place of a number": (
        with_layer("Dense", units={"class_name": "__numpy__", "config": {}}), "which cannot be read"
    ),
    "billions of weights": (
        of(sequential(first={"filters": 10**7, "kernel_size": [25]})),
        "by its config it has 1,020,000,001 weights, and in the file are 67",
    ),
    "a layer that fills the memory": (
        of(sequential({"class_name": "RepeatVector", "config": {"name": "r", "n": 10**12}})),
        "its layer r gives 3,000,000,000,000 numbers for one sequence",
    ),
    "an endless input": (
        of(sequential(first={"batch_input_shape": [None, 10**9, 4]})), "its input is 1,000,000,000 bp long"
    ),
    "too few weights": (of(sequential(), {"conv": ARRAYS["conv"]}), "and in the file are 63"),
    "another shape": (
        of(sequential(), {**ARRAYS, "out": {"out/kernel:0": np.zeros((1, 3)), "out/bias:0": np.zeros(1)}}),
        "the array kernel of its layer out has the shape (1, 3), and by its config (3, 1)",
    ),
    "a link in the file": (changed(linked("soft")), "has a link to another place"),
    "a link to another file": (changed(linked("external")), "has a link to another place"),
    "an array in another file": (changed(outside), "lies in another file"),
    "an array that was never written": (changed(never_written), "would unpack to 274,877,"),
    "an array of texts": (changed(of_texts), "the array out/bias:0 of its layer out holds no numbers, but"),
    "a group that is missing": (changed(in_itself), "its list of layers has out, of which there is no group"),
    "an array that is missing": (
        changed(lambda file, path: file["model_weights/out/out"].clear()),
        "the array out/kernel:0 of its layer out is missing",
    ),
    "a file that was cut": (cut, "truncated or damaged"),
    "models in models": (of(nested(40)), "models inside models, more than 32 deep"),
    "brackets in brackets": (
        lambda path: write_attribute(path, '{"class_name": "A", "config": ' + "[" * 50_000),
        "its config is not JSON",
    ),
    "a circle of layers": (of(circle()), "its layers take each other's outputs in a circle: a, b"),
    "layers that are not there": (
        of(old_functional("n", GHOST, ["dna"], ["a"])),
        "its layers refer to what is not there: ghost",
    ),
    "numbers for layers": (of({"class_name": "Functional", "config": {"layers": [1, 2]}}), "does not tell"),
    "inputs that are numbers": (
        of(old_functional("n", [{**old_entry("ReLU", "a", {}), "inbound_nodes": [7]}], ["a"], ["a"])),
        "does not tell what the layer a takes",
    ),
    "a class of the user's": (
        of({"class_name": "MyNet", "config": {}}), "of the class MyNet, whose config does not tell its layers"
    ),
    "no DNA": (
        of(sequential(first={"batch_input_shape": [None, 30, 7]}), {
            **ARRAYS, "conv": {"conv/kernel:0": np.zeros((5, 7, 3)), "conv/bias:0": np.zeros(3)}
        }),
        "none of its inputs has 4 or 5 channels and a length",
    ),
    "a .keras of no HDF5": (keras_zip(sequential()), "truncated or damaged"),
    "a .keras of no JSON": (keras_zip("{"), "its config is not JSON"),
    "a .keras bomb": (keras_zip(sequential(), bytes(2**26)), "would unpack to 67,"),
}  # fmt: skip


def write_attribute(path: Path, config: str) -> None:
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = config
        file.create_group("model_weights").attrs["layer_names"] = []


@pytest.mark.parametrize("kind", LINES)
def test_it_is_one_line_and_nothing_is_run(tmp_path, monkeypatch, kind):
    make, line = LINES[kind]
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "m.h5")
    with pytest.raises(ModelError) as caught:
        load_model(tmp_path / "m.h5", trust=True)
    assert line in str(caught.value)
    assert "m.h5" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "ran").exists()


def test_the_net_that_they_change_is_a_good_one(tmp_path):
    keras = keras_package()
    layers = [keras.Input((30, 4)), keras.layers.Conv1D(3, 5, name="conv"), keras.layers.GlobalMaxPooling1D(),
              keras.layers.Dense(1, name="out")]  # fmt: skip
    weights = old_weights(shuffled(keras.Sequential(layers)))
    write_old_h5(tmp_path / "m.h5", sequential(), {name: weights[name] for name in ("conv", "out")})
    assert load_model(tmp_path / "m.h5", trust=True).example_length == 30
