"""Keras models of every file answer as Keras itself does, and are explained additively."""

import json
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch

import seqattr
from seqattr.engine.graph.forward import outputs_of, random_sequences
from seqattr.errors import ModelError, UntrustedModel
from seqattr.models.load import Foreign, load_model
from tests.helpers.keras_networks import (
    LENGTH,
    keras_package,
    old_weights,
    own_answers,
    shuffled,
    write_old_h5,
)

TAL1 = Path(__file__).parents[2] / "data" / "kipoi_tal1"
ROWS = random_sequences(4, LENGTH, torch.float32, "cpu", seed=1)


@pytest.fixture(scope="module")
def keras() -> Any:
    return keras_package()


@pytest.fixture(scope="module")
def small(keras: Any) -> Any:
    """A network with a norm, of two outputs that have names."""
    layers = keras.layers
    sequence = keras.Input((LENGTH, 4), name="sequence")
    hidden = layers.Conv1D(6, 7, activation="relu", name="motifs")(sequence)
    hidden = layers.BatchNormalization(name="norm")(hidden)
    means = layers.GlobalAveragePooling1D(name="means")(hidden)
    ends = [layers.Dense(2, name="accessible")(means), layers.GlobalMaxPooling1D(name="strongest")(hidden)]
    return shuffled(keras.Model(sequence, ends, name="small"))


def answers(model: seqattr.Model, sequences: torch.Tensor) -> list[np.ndarray]:
    with torch.no_grad():
        return [answer.numpy() for answer in outputs_of(model.graph.to("cpu", torch.float32), sequences)]


def assert_same(model: seqattr.Model, original: Any, sequences: torch.Tensor = ROWS) -> None:
    """To 1e-5 of Keras' own answers on its torch backend, which are sums of a hundred products in float32."""
    for found, own in zip(answers(model, sequences), own_answers(original, sequences), strict=True):
        np.testing.assert_allclose(found, own, rtol=1e-5, atol=1e-5)


def assert_additive(model: seqattr.Model, target: int = 0) -> None:
    found = seqattr.attribute(model, ROWS[:2], targets=[target], dtype=torch.float64)
    assert torch.as_tensor(found.additivity_error).abs().max() < 1e-10


# --- files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["model.keras", "model.h5", "of_any_name.bin"])
def test_a_file_of_keras_3_is_read_by_its_content(small, tmp_path, name):
    suffix = Path(name).suffix if name != "of_any_name.bin" else ".h5"
    small.save(tmp_path / f"written{suffix}")
    (tmp_path / f"written{suffix}").rename(tmp_path / name)
    model = load_model(tmp_path / name, trust=True)
    assert_same(model, small)
    assert_additive(model)
    assert model.example_length == LENGTH
    assert [target.name for target in model.targets][:2] == ["accessible_target0", "accessible_target1"]
    assert not model.notes


@pytest.mark.parametrize("name", ["weights.weights.h5", "weights.hdf5"])
def test_weights_take_their_architecture_from_json(small, tmp_path, name):
    if name == "weights.hdf5":
        write_old_h5(tmp_path / name, None, old_weights(small), "3.0")
    else:
        small.save_weights(tmp_path / name)
    (tmp_path / "arch.json").write_text(small.to_json())
    foreign = Foreign(arch=str(tmp_path / "arch.json"))
    assert_same(load_model(tmp_path / name, trust=True, foreign=foreign), small)


def test_weights_alone_are_told_what_else_they_take(small, tmp_path):
    small.save_weights(tmp_path / "a.weights.h5")
    with pytest.raises(ModelError, match=r"weights of a Keras model alone: give its architecture.*FILE.json"):
        load_model(tmp_path / "a.weights.h5", trust=True)
    (tmp_path / "arch.json").write_text(small.to_json())
    with pytest.raises(ModelError, match=r"is the architecture of a Keras model, without its weights: name"):
        load_model(tmp_path / "arch.json", trust=True)


def test_nothing_is_read_without_trust(small, tmp_path):
    small.save(tmp_path / "model.keras")
    with pytest.raises(UntrustedModel, match="is a Keras model, and"):
        load_model(tmp_path / "model.keras")


def test_another_backend_is_told(keras, small, tmp_path, monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    small.save_weights(tmp_path / "a.weights.h5")
    with pytest.raises(ModelError, match=r"with the backend jax: set .* KERAS_BACKEND=torch before it is"):
        load_model(tmp_path / "a.weights.h5", trust=True)


def test_a_missing_package_is_told(small, tmp_path, monkeypatch):
    small.save_weights(tmp_path / "a.weights.h5")
    monkeypatch.setitem(sys.modules, "keras", None)
    with pytest.raises(ModelError, match=r'reading it needs Keras 3 \(pip install "seqattr\[keras\]"\)'):
        load_model(tmp_path / "a.weights.h5", trust=True)


# --- a real one ------------------------------------------------------------------------------------


def test_the_tal1_model_of_2018_is_read(keras):
    model = load_model(TAL1 / "weights.hdf5", trust=True, foreign=Foreign(arch=str(TAL1 / "arch.json")))
    config = json.loads((TAL1 / "arch.json").read_text())["config"]
    layers = [keras.Input((500, 4)), keras.layers.Conv1D(16, 15, activation="relu"),
              keras.layers.GlobalMaxPooling1D(), keras.layers.Dense(1)]  # fmt: skip
    assert [entry["class_name"] for entry in config] == [
        "Conv1D", "GlobalMaxPooling1D", "Dense", "Activation"
    ]  # fmt: skip
    original = keras.Sequential(layers)
    with h5py.File(TAL1 / "weights.hdf5") as file:
        original.set_weights(
            [
                file[f"{name}/{name}/{part}:0"][()]
                for name in ("conv1d_1", "dense_1")
                for part in ("kernel", "bias")
            ]
        )
    assert_same(model, original, random_sequences(4, 500, torch.float32, "cpu", seed=2))
    assert model.finals == ("sigmoid",)
    assert [target.name for target in model.targets] == ["activation_1"]
    assert model.example_length == 500


# --- several inputs --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def of_two(keras: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    """A network of DNA, which comes second, and of two covariates."""
    layers = keras.layers
    cell, dna = keras.Input((2,), name="cell"), keras.Input((LENGTH, 4), name="dna")
    pooled = layers.GlobalMaxPooling1D()(layers.Conv1D(5, 7, activation="relu")(dna))
    joined = layers.Concatenate()([pooled, layers.Dense(3)(cell)])
    model = shuffled(keras.Model([cell, dna], layers.Dense(1, name="out")(joined)))
    model.save(path := tmp_path_factory.mktemp("two") / "two.keras")
    return model, path


def test_other_inputs_are_held_constant(keras, of_two):
    original, path = of_two
    foreign = Foreign(inputs={"cell": np.array([0.5, -2.0])})
    found = answers(load_model(path, trust=True, foreign=foreign), ROWS)[0]
    with torch.no_grad(), keras.device("cpu"):
        own = original([torch.tensor([[0.5, -2.0]]).expand(len(ROWS), 2), ROWS.transpose(1, 2)])
    np.testing.assert_allclose(found, own.numpy(), rtol=1e-5, atol=1e-5)


def test_other_inputs_without_values_are_asked_for(refused, of_two, tmp_path):
    line = refused("convert", of_two[1], "--out", tmp_path / "m.pt", "--trust-model")
    assert "beside dna it takes cell (2,): hold them constant, as by --input cell=zeros" in line


@pytest.fixture(scope="module")
def of_three(keras: Any) -> Any:
    """A network of a sequence, of covariates, and of a cell type's number, which it looks up."""
    layers = keras.layers
    sequence, covariates = keras.Input((LENGTH, 4), name="sequence"), keras.Input((3,), name="covariate")
    cell = keras.Input((1,), name="cell", dtype="int32")
    hidden = layers.BatchNormalization()(layers.Conv1D(6, 7, activation="relu")(sequence))
    looked_up = layers.Flatten()(layers.Embedding(5, 4)(cell))
    parts = [layers.GlobalMaxPooling1D()(hidden), layers.Dense(3)(covariates), looked_up]
    hidden = layers.Dense(6, activation="relu")(layers.Concatenate()(parts))
    return shuffled(keras.Model([cell, sequence, covariates], layers.Dense(2, name="out")(hidden)))


@pytest.mark.filterwarnings("ignore")  # of Keras itself, about .h5
@pytest.mark.parametrize("name", ["three.keras", pytest.param("three.h5", marks=pytest.mark.slow)])
def test_numbers_and_indices_are_held_constant(ran, keras, of_three, tmp_path, name):
    of_three.save(tmp_path / name)
    said = ran(
        *("convert", tmp_path / name, "--out", tmp_path / "m.pt", "--trust-model"),
        *("--input", "covariate=0.5", "--input", "cell=1"),
    )
    assert "held constant beside the sequence: covariate=0.5(3), cell=1(1)" in said
    found = answers(load_model(tmp_path / "m.pt"), ROWS)[0]
    ones = torch.ones(len(ROWS), 1, dtype=torch.int32)
    with torch.no_grad(), keras.device("cpu"):
        own, other = (
            of_three([cell, ROWS.transpose(1, 2), torch.full((len(ROWS), 3), 0.5)]).numpy()
            for cell in (ones, 0 * ones)
        )
    np.testing.assert_allclose(found, own, rtol=1e-5, atol=1e-5)
    assert np.abs(found - other).max() > 0.01  # the cell's number counts
