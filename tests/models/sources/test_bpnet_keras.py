"""BPNet and ChromBPNet of Keras files, read without Keras and without trust, answer as Keras does."""

import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch

import seqattr
from seqattr.engine.graph.forward import random_sequences
from seqattr.errors import ModelError, UntrustedModel
from seqattr.models.load import Foreign, load_model
from seqattr.models.recognition import recognise
from seqattr.models.sources import bpnet_keras, keras_files
from tests.helpers import bpnet_files as files
from tests.helpers.keras_networks import keras_package, own_answers

LENGTH, OUTPUT = 226, 40
ROWS = random_sequences(3, LENGTH, torch.float32, "cpu", seed=1)
FILES = {
    "the bias model": files.body("", 4, 2, LENGTH, OUTPUT, "model"),
    "the accessibility model": files.body("wo_bias_", 6, 3, LENGTH, OUTPUT, "model_2"),
    "ChromBPNet": files.whole(LENGTH, OUTPUT, 6, 3),
    "BPNet with control tracks": files.with_controls(LENGTH, OUTPUT, 6, 3),
}
TABLE = """
import keras

def logsumexp(x):
    return keras.ops.logsumexp(x, axis=-1, keepdims=True)

LAYERS = {"logcount_predictions": logsumexp, "main_logsumexp_counts_bias_0": logsumexp}
"""


@pytest.fixture(scope="module", params=FILES)
def file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return files.write(tmp_path_factory.mktemp("bpnet") / "model.h5", FILES[request.param], seed=3)


def of_zoo(path: Path) -> torch.nn.Module:
    from seqattr.models.recognition import look

    return bpnet_keras.read(path, Foreign(), look(path).content).module


def of_keras(path: Path, rows: torch.Tensor, others: dict[str, torch.Tensor]) -> dict[str, np.ndarray]:
    """The same file through Keras, its Lambda layers by a table: what it answers, in our layout."""
    (path.parent / "lambdas.py").write_text(TABLE)
    foreign = Foreign(arch=f"{path.parent / 'lambdas.py'}:LAYERS", inputs=dict.fromkeys(others, "zeros"))
    with torch.no_grad():
        answers = keras_files.read(path, foreign).module({"sequence": rows.transpose(1, 2), **others})
    (profile, counts) = (answer.numpy() for answer in answers.values())
    return {"profile": profile.reshape(len(rows), OUTPUT, -1).transpose(0, 2, 1), "counts": counts}


def test_a_file_answers_as_keras_does(file):
    module = of_zoo(file)
    names = [one.name for one in getattr(module, "inputs", [])][1:]
    others = dict(zip(names, (torch.rand(3, OUTPUT, 2), torch.rand(3, 2)), strict=False))
    own = of_keras(file, ROWS, others)
    with torch.no_grad():
        found = module({"sequence": ROWS, **others} if others else ROWS)
    for name in ("profile", "counts"):
        # Sums of some hundred products in float32.
        np.testing.assert_allclose(found[name].numpy(), own[name], rtol=1e-5, atol=1e-5)


def test_keras_own_reader_answers_the_same(tmp_path):
    keras = keras_package()
    path = files.write(tmp_path / "bias.h5", FILES["the bias model"])
    with keras.device("cpu"):
        original = keras.saving.load_model(path, compile=False)
    with torch.no_grad():
        found = of_zoo(path)(ROWS)
    for own, name in zip(own_answers(original, ROWS), ("profile", "counts"), strict=True):
        np.testing.assert_allclose(found[name].numpy().reshape(own.shape), own, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "kind",
    ["ChromBPNet", *(pytest.param(kind, marks=pytest.mark.slow) for kind in FILES if kind != "ChromBPNet")],
)
def test_it_is_read_without_trust_and_explained_additively(tmp_path, kind):
    file = files.write(tmp_path / "model.h5", FILES[kind], seed=4)
    assert recognise(file) == "a BPNet or ChromBPNet of Keras"
    model = load_model(file)
    assert model.example_length == LENGTH
    controls = "its inputs profile_bias_input_0, counts_bias_input_0 are zeros"
    assert model.notes == ((f"model.h5: {controls}",) if "control" in kind else ())
    names = [target.name for target in model.targets]
    assert "counts" in names
    assert names[0].startswith("profile")
    for target in ("counts", names[0]):
        found = seqattr.attribute(model, ROWS[:2], targets=[target], dtype=torch.float64)
        assert torch.as_tensor(found.additivity_error).abs().max() < 1e-10


def test_no_keras_is_needed(tmp_path, monkeypatch):
    path = files.write(tmp_path / "m.h5", FILES["ChromBPNet"])
    monkeypatch.setitem(sys.modules, "keras", None)
    with torch.no_grad():
        answers = of_zoo(path)(ROWS)
    assert {name: tuple(answer.shape) for name, answer in answers.items()} == {
        "profile": (3, 1, OUTPUT), "counts": (3, 1)
    }  # fmt: skip


def test_both_models_of_chrombpnet_add_up(tmp_path):
    path = files.write(tmp_path / "m.h5", FILES["ChromBPNet"], seed=5)
    whole = of_zoo(path)
    with torch.no_grad():
        (access, bias), answers = (part(ROWS) for part in whole.model.children()), whole(ROWS)
    torch.testing.assert_close(answers["profile"], access[0] + bias[0])
    torch.testing.assert_close(answers["counts"], torch.log(access[1].exp() + bias[1].exp()))
    filters = [part.first.out_channels for part in whole.model.children()]
    assert filters == [6, 3]  # the accessibility's come first, whichever the file has first


@pytest.mark.slow
def test_control_tracks_are_held_constant(tmp_path):
    path = files.write(tmp_path / "m.h5", FILES["BPNet with control tracks"])
    rng = np.random.default_rng(0)
    tracks, levels = rng.random((OUTPUT, 2), "float32"), rng.random(2, "float32")
    inputs = {"profile_bias_input_0": tracks, "counts_bias_input_0": levels}
    model = load_model(path, foreign=Foreign(inputs=inputs))
    module = of_zoo(path)
    given = {name: torch.tensor(array).expand(len(ROWS), *array.shape) for name, array in inputs.items()}
    with torch.no_grad():
        own = module({"sequence": ROWS, **given})
    found = model.with_targets(["counts"]).predict(ROWS)
    np.testing.assert_allclose(found[:, -1:], own["counts"].numpy(), rtol=1e-5, atol=1e-5)
    assert not any("zeros" in note for note in model.notes)
    with pytest.raises(ModelError, match="takes counts_bias_input_0 too: give all of its inputs"):
        load_model(path, foreign=Foreign(inputs={"profile_bias_input_0": tracks}))


# --- what is like it and is not ------------------------------------------------------------------


def changed(config: dict[str, Any], name: str, **settings: Any) -> dict[str, Any]:
    """The config with other settings of one layer."""
    layers = [
        {**entry, "config": {**entry["config"], **settings}} if entry["name"] == name else entry
        for entry in config["config"]["layers"]
    ]
    return {**config, "config": {**config["config"], "layers": layers}}


@pytest.mark.parametrize(
    ("layer", "settings"),
    [
        ("bpnet_1conv", {"activation": "elu"}),
        ("bpnet_1conv", {"dilation_rate": [3]}),
        ("bpnet_1st_conv", {"padding": "same"}),
        ("bpnet_2conv", {"strides": [2]}),
        ("bpnet_1crop", {"cropping": [1, 3]}),
        ("logcount_predictions", {"activation": "softplus"}),
        ("prof_out_precrop", {"activation": "relu"}),
    ],
)
def test_another_model_is_left_to_keras(tmp_path, layer, settings):
    config = FILES["the bias model"]
    path = files.write_old_h5(
        tmp_path / "m.h5", changed(config, layer, **settings), files.random_weights(config)
    )
    assert recognise(path) == "a Keras model"
    with pytest.raises(UntrustedModel):
        load_model(path)


def test_a_lambda_that_is_no_logsumexp_is_left_to_keras(tmp_path):
    config = changed(FILES["ChromBPNet"], "logcount_predictions", function=["dGYgbWF4", None, None])
    path = files.write_old_h5(tmp_path / "m.h5", config, files.random_weights(config))
    with pytest.raises(ModelError, match=r"layer logcount_predictions is a Lambda, whose code is not run"):
        load_model(path, trust=True)


def test_damaged_arrays_are_one_line(tmp_path):
    path = files.write(tmp_path / "m.h5", FILES["the accessibility model"])
    with h5py.File(path, "a") as file:
        group = file["model_weights/wo_bias_bpnet_1conv/wo_bias_bpnet_1conv"]
        del group["kernel:0"]
        group["kernel:0"] = np.zeros((3, 6, 5), "float32")
    with pytest.raises(ModelError, match="arrays do not fit its config"):
        load_model(path)
    with h5py.File(path, "a") as file:
        del file["model_weights/wo_bias_bpnet_1conv"]
    with pytest.raises(
        ModelError, match=r"m.h5: its list of layers has wo_bias_bpnet_1conv, of which there is no group"
    ):
        load_model(path)


# --- another tool --------------------------------------------------------------------------------


@pytest.mark.peers
@pytest.mark.parametrize(("prefix", "layers"), [("", 2), ("wo_bias_", 3)])
def test_bpnet_lite_reads_the_same(tmp_path, prefix, layers):
    """It takes the layers by their names, and the profile not to be cropped, as at the published lengths."""
    bpnetlite = pytest.importorskip("bpnetlite")
    output = LENGTH - 20 - 2 * sum(2**layer for layer in range(1, layers + 1)) - 74
    path = files.write(tmp_path / "m.h5", files.body(prefix, 5, layers, LENGTH, output, "model"))
    other = bpnetlite.BPNet.from_chrombpnet(str(path)).eval()
    with torch.no_grad():
        profile, counts = other(ROWS)
        found = of_zoo(path)(ROWS)
    np.testing.assert_allclose(found["profile"].numpy(), profile.numpy(), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(found["counts"].numpy(), counts.numpy(), rtol=1e-5, atol=1e-5)
