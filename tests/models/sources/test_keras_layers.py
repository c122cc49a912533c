"""Layers of Keras: those of 3 converted and explained exactly, and those of 2 as they computed there."""

import base64
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import seqattr
from seqattr.engine.graph.forward import outputs_of, random_sequences
from seqattr.errors import ModelError
from seqattr.models.load import Foreign, load_model
from seqattr.models.sources import keras_files
from tests.helpers.keras_networks import (
    LENGTH,
    keras_package,
    old_entry,
    old_functional,
    old_input,
    old_weights,
    own_answers,
    shuffled,
    write_old_h5,
)

ROWS = random_sequences(3, LENGTH, torch.float32, "cpu", seed=1)
FINALS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "": lambda x: x, "sigmoid": torch.sigmoid, "softmax": lambda x: torch.softmax(x, -1)
}  # fmt: skip


def chain(*names_and_settings: Any) -> Callable[[Any], Any]:
    """A Sequential of layers, each a name, or a name, its arguments and its settings."""

    def make(keras: Any) -> Any:
        made = [keras.Input((LENGTH, 4))]
        for entry in names_and_settings:
            name, *rest = (entry,) if isinstance(entry, str) else entry
            settings = rest.pop() if rest and isinstance(rest[-1], dict) else {}
            inner = [inside(keras, one) for one in rest]
            made.append(getattr(keras.layers, name)(*inner, **settings))
        return keras.Sequential(made)

    return make


def inside(keras: Any, value: Any) -> Any:
    """An argument that is a layer, as (name, its arguments)."""
    is_layer = isinstance(value, tuple) and isinstance(value[0], str)
    return getattr(keras.layers, value[0])(*value[1:]) if is_layer else value


def attention(keras: Any) -> Any:
    layers = keras.layers
    dna = keras.Input((LENGTH, 4))
    hidden = layers.Conv1D(8, 5, strides=6, activation="relu")(dna)
    mixed = layers.MultiHeadAttention(2, 4)(hidden, hidden)
    normed = layers.LayerNormalization()(layers.Add()([hidden, mixed]))
    return keras.Model(dna, layers.Dense(2)(layers.GlobalAveragePooling1D()(normed)))


def merged(keras: Any) -> Any:
    layers = keras.layers
    dna = keras.Input((LENGTH, 4), name="dna")
    one, two = (layers.Conv1D(5, 5, activation=name)(dna) for name in ("elu", "gelu"))
    pairs = [getattr(layers, kind)()([one, two]) for kind in ("Multiply", "Subtract", "Average", "Maximum")]
    joined = keras.ops.exp(keras.ops.flip(layers.Concatenate()(pairs), axis=1) * 0.1)
    ends = [
        layers.Dense(1, name="dense")(layers.Flatten()(joined)),
        layers.GlobalMaxPooling1D(name="most")(joined),
    ]
    return keras.Model(dna, ends)


def basenji(keras: Any) -> Any:
    """Kelley et al. 2018 in small: convs with batch norm and pooling, dilated residual ones, a softplus."""
    layers = keras.layers
    dna = hidden = keras.Input((LENGTH, 4))
    hidden = layers.Conv1D(6, 5, padding="same", use_bias=False)(layers.Activation("gelu")(hidden))
    hidden = layers.MaxPooling1D(2, padding="same")(layers.BatchNormalization()(hidden))
    for dilation in (1, 2):
        inner = layers.Activation("gelu")(hidden)
        inner = layers.Conv1D(4, 3, dilation_rate=dilation, padding="same", use_bias=False)(inner)
        inner = layers.Conv1D(6, 1)(layers.BatchNormalization()(inner))
        hidden = layers.Add()([hidden, layers.Dropout(0.3)(inner)])
    return keras.Model(dna, layers.Dense(2, activation="softplus")(layers.Cropping1D(4)(hidden)))


def shared(keras: Any) -> Any:
    """One body for both strands, a model that is a layer and is called twice."""
    layers = keras.layers
    dna = keras.Input((LENGTH, 4))
    body = keras.Sequential(
        [layers.Conv1D(6, 5, activation="relu"), layers.GlobalMaxPooling1D()], name="body"
    )
    strands = [body(dna), body(keras.ops.flip(dna, axis=(1, 2)))]
    return keras.Model(dna, layers.Dense(1)(layers.Average()(strands)))


CONV = ("Conv1D", 6, 5)
END = ("Flatten", ("Dense", 2))
NETS: dict[str, Callable[[Any], Any]] = {
    "separable": chain(
        ("SeparableConv1D", 6, 5, {"activation": "relu"}), "GlobalAveragePooling1D", ("Dense", 2)
    ),
    "norms": chain(
        CONV, "BatchNormalization", "ReLU", ("AveragePooling1D", 4), "LayerNormalization",
        ("GroupNormalization", 2), *END[:1], ("Dense", 2, {"activation": "sigmoid"}),
    ),
    "activations": chain(
        ("Conv1D", 6, 5, {"activation": "softplus"}), ("LeakyReLU", {"negative_slope": 0.2}),
        ("PReLU", {"shared_axes": [1]}), "Softmax", ("Conv1D", 4, 3, {"activation": "selu"}),
        ("Activation", "swish"), "ELU", *END[:1], ("Dense", 2, {"activation": "tanh"}),
    ),
    "paddings": chain(
        ("ZeroPadding1D", 3), ("Conv1D", 5, 5, {"padding": "causal", "activation": "relu"}),
        ("UpSampling1D", 2), ("Cropping1D", {"cropping": (3, 5)}), ("Permute", {"dims": (2, 1)}),
        ("Reshape", {"target_shape": (-1, 2)}),
        ("MaxPooling1D", 2, {"strides": 1, "padding": "same"}), *END,
    ),
    "two dimensions": chain(
        ("Reshape", {"target_shape": (LENGTH, 4, 1)}),
        ("Conv2D", 6, {"kernel_size": (5, 4), "activation": "relu"}),
        ("MaxPooling2D", {"pool_size": (2, 1)}), *END,
    ),
    "noise": chain(
        ("Conv1D", 6, 5, {"groups": 2}), ("SpatialDropout1D", 0.2), ("GaussianNoise", 0.1),
        "GlobalMaxPooling1D", ("RepeatVector", 3), *END,
    ),
    "LSTM both ways": chain(
        ("Conv1D", 6, 5, {"strides": 9, "activation": "relu"}), ("Bidirectional", ("LSTM", 4)), ("Dense", 1)
    ),
    "GRU": chain(("Conv1D", 6, 5, {"strides": 9, "activation": "relu"}), ("GRU", 4), ("Dense", 1)),
    "attention": attention,
    "merged": merged,
    "Basenji": basenji,
    "shared": shared,
}  # fmt: skip
QUICK = ("shared",)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow) for name in NETS]
)
def test_layers_of_keras_3_are_converted_exactly(tmp_path, name):
    keras = keras_package()
    original = shuffled(NETS[name](keras))
    original.save(tmp_path / "m.keras")
    model = load_model(tmp_path / "m.keras", trust=True)
    with torch.no_grad():
        found = outputs_of(model.graph.to("cpu", torch.float32), ROWS)
    for answer, final, own in zip(found, model.finals, own_answers(original, ROWS), strict=True):
        np.testing.assert_allclose(FINALS[final](answer).numpy(), own, rtol=1e-5, atol=1e-5)
    explained = seqattr.attribute(model, ROWS[:2], targets=[0], dtype=torch.float64)
    assert torch.as_tensor(explained.additivity_error).abs().max() < 1e-10


@pytest.mark.parametrize("name", NETS)
def test_an_h5_has_the_same_layers(tmp_path, name):
    original = shuffled(NETS[name](keras_package()))
    original.save(tmp_path / "m.h5")
    assert_same(answers_of(tmp_path / "m.h5"), own_answers(original, ROWS))


def answers_of(path: Path, foreign: Foreign | None = None) -> list[np.ndarray]:
    """What the module of a file answers, before any capture."""
    with torch.no_grad():
        answers = keras_files.read(path, foreign or Foreign()).module(ROWS.transpose(1, 2))
    return [answer.numpy() for answer in answers.values()]


def assert_same(found: Sequence[np.ndarray], own: Sequence[np.ndarray]) -> None:
    for one, other in zip(found, own, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


# --- as Keras 2 had them ---------------------------------------------------------------------------


def old_net(path: Path, entries: list[dict[str, Any]], weights: Any, version: str = "2.4.0") -> Path:
    """A functional net of Keras 2, of one input and one output, the last entry."""
    config = old_functional("net", [old_input("dna", LENGTH, 4), *entries], ["dna"], [entries[-1]["name"]])
    return write_old_h5(path, config, weights, version)


def values(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.5, shape).astype(np.float32)


def test_hard_sigmoid_is_that_of_the_version_that_wrote_the_file(tmp_path):
    config = {"trainable": True, "filters": 3, "kernel_size": [1], "activation": "hard_sigmoid"}
    entry = old_entry("Conv1D", "c", config, "dna")
    kernel = values(1, 4, 3) * 8
    weights = {"c": {"c/kernel:0": kernel, "c/bias:0": np.zeros(3)}}
    inner = np.einsum("ncl,cf->nlf", ROWS.numpy(), kernel[0])
    for version, slope in (("2.4.0", 0.2), ("3.9.0", 1 / 6)):
        found = answers_of(old_net(tmp_path / "m.h5", [entry], weights, version))
        assert_same(found, [np.clip(slope * inner + 0.5, 0, 1)])


def test_a_gru_of_keras_2_resets_before(tmp_path):
    """Without `reset_after` in the config there is one bias, as in the GRU of the paper."""
    keras = keras_package()
    layer = keras.layers.GRU(3, reset_after=False, name="gru")
    original = shuffled(keras.Sequential([keras.Input((LENGTH, 4)), layer]))
    path = old_net(tmp_path / "m.h5", [old_entry("GRU", "gru", {"units": 3}, "dna")], old_weights(original))
    assert_same(answers_of(path), own_answers(original, ROWS))


def by_rows(gate: np.ndarray) -> np.ndarray:
    """A gate's matrix (inputs, units) read along its columns, and written along its rows."""
    flat = [gate[row, column] for column in range(gate.shape[1]) for row in range(gate.shape[0])]
    return np.array(flat, gate.dtype).reshape(gate.shape)


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_weights_of_cudnn_are_put_in_the_order_of_others(tmp_path, kind):
    """CuDNN has each gate's matrix by rows, and biases of the input and of the state one after the other."""
    keras, gates = keras_package(), {"LSTM": 4, "GRU": 3}[kind]
    inputs, states = (values(size, gates * 3, seed=size) for size in (4, 3))
    biases = values(2, gates * 3, seed=9)
    layer = getattr(keras.layers, kind)(3)
    original = keras.Sequential([keras.Input((LENGTH, 4)), layer])
    layer.set_weights([inputs, states, biases.sum(0) if kind == "LSTM" else biases])
    stored = [
        np.concatenate(
            [gate.reshape(gate.shape[::-1], order="F").T for gate in np.split(inputs, gates, 1)], 1
        ),
        np.concatenate([gate.T for gate in np.split(states, gates, 1)], 1),
        biases.ravel(),
    ]
    names = [f"r/{name}:0" for name in ("kernel", "recurrent_kernel", "bias")]
    weights = {"r": dict(zip(names, stored, strict=True))}
    path = old_net(tmp_path / "m.h5", [old_entry(f"CuDNN{kind}", "r", {"units": 3}, "dna")], weights)
    assert_same(answers_of(path), own_answers(original, ROWS))


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
@pytest.mark.parametrize(
    "settings",
    [
        {"return_sequences": True, "go_backwards": True},
        {"use_bias": False},
        {"activation": "relu"},  # which torch has not
        {"recurrent_activation": "hard_sigmoid"},
    ],
)
def test_recurrent_layers_are_keras_own(tmp_path, kind, settings):
    keras = keras_package()
    layer = getattr(keras.layers, kind)(3, **settings)
    original = shuffled(keras.Sequential([keras.Input((LENGTH, 4)), layer]))
    original.save(tmp_path / "m.keras")
    assert_same(answers_of(tmp_path / "m.keras"), own_answers(original, ROWS))


def test_both_directions_are_two_steps_of_a_graph(tmp_path):
    keras = keras_package()
    layers = keras.layers
    both = layers.Bidirectional(layers.LSTM(3, return_sequences=True))
    original = shuffled(keras.Sequential([keras.Input((LENGTH, 4)), both, layers.GRU(2)]))
    original.save(tmp_path / "m.h5")
    assert_same(answers_of(tmp_path / "m.h5"), own_answers(original, ROWS))
    module = keras_files.read(tmp_path / "m.h5", Foreign()).module
    program = torch.export.export(module, (ROWS.transpose(1, 2),), strict=False)
    steps = [str(node.target) for node in program.graph.nodes if node.op == "call_function"]
    assert [step for step in steps if "lstm" in step or "gru" in step] == [
        *["aten.lstm.input"] * 2, "aten.gru.input"
    ]  # fmt: skip
    assert len(steps) < 2 * LENGTH  # none for each position


def of_tensorflow(name: str, function: str, before: Any, **kwargs: Any) -> dict[str, Any]:
    entry = old_entry("TFOpLambda", name, {"function": function})
    return {**entry, "inbound_nodes": [[before, 0, 0, kwargs]]}


def test_functions_of_tensorflow_have_their_twins(tmp_path):
    """A constant before a tensor, tensors among the arguments, slices, and gelu, which is not approximate."""
    keras = keras_package()
    flip = old_entry("SlicingOpLambda", "slice", {"function": "__operators__.getitem"})
    whole = {"start": None, "stop": None, "step": None}
    back = {**whole, "step": -1}
    flip["inbound_nodes"] = [["conv", 0, 0, {"slice_spec": [whole, back, {**whole, "start": 1}]}]]
    one_minus = old_entry("TFOpLambda", "minus", {"function": "math.subtract"})
    one_minus["inbound_nodes"] = [["_CONSTANT_VALUE", -1, 1.0, {"y": ["slice", 0, 0], "name": None}]]
    entries = [
        old_entry("Conv1D", "conv", {"filters": 3, "kernel_size": [5]}, "dna"),
        flip,
        one_minus,
        of_tensorflow("gelu", "nn.gelu", "minus"),
        of_tensorflow("sum", "__operators__.add", "gelu", y=["slice", 0, 0]),
        of_tensorflow("all", "math.reduce_logsumexp", "sum", axis=1, keepdims=False),
    ]
    kernel = values(5, 4, 3)
    path = old_net(
        tmp_path / "m.h5", entries, {"conv": {"conv/kernel:0": kernel, "conv/bias:0": np.zeros(3)}}
    )
    conv = torch.nn.functional.conv1d(ROWS, torch.tensor(kernel).permute(2, 1, 0)).transpose(1, 2)
    sliced = conv.flip(1)[:, :, 1:]
    own = torch.logsumexp(torch.nn.functional.gelu(1 - sliced) + sliced, 1)
    assert_same(answers_of(path), [own.numpy()])
    assert keras.backend.backend() == "torch"


def test_a_function_without_a_twin_is_named(tmp_path):
    entry = of_tensorflow("odd", "image.resize", "dna")
    with pytest.raises(
        ModelError, match=r"its layer odd is TensorFlow's image.resize, which has no twin here"
    ):
        answers_of(old_net(tmp_path / "m.h5", [entry], {}))


def test_what_is_left_out_of_a_config_is_said(tmp_path):
    config = {"filters": 3, "kernel_size": [5], "ragged": True, "wobble": 7}
    arrays = {"c/kernel:0": values(5, 4, 3), "c/bias:0": values(3)}
    path = old_net(tmp_path / "m.h5", [old_entry("Conv1D", "c", config, "dna")], {"c": arrays})
    assert keras_files.read(path, Foreign()).notes == ("m.h5: left out wobble=7 of the layer c",)
    with pytest.raises(ModelError, match="its layer r has time before the batch"):
        answers_of(
            old_net(tmp_path / "n.h5", [old_entry("LSTM", "r", {"units": 2, "time_major": True}, "dna")], {})
        )


# --- the user's own --------------------------------------------------------------------------------

OWN = """
import keras

class Twice(keras.layers.Layer):
    def call(self, x):
        return 2 * x

def softest(x):
    return keras.ops.softplus(x)

LAYERS = {"Twice": Twice, "soft": softest}

def build():
    conv = keras.layers.Conv1D(3, 5)
    return keras.Sequential([keras.Input((40, 4)), conv, Twice(), keras.layers.Lambda(softest)])
"""


@pytest.mark.parametrize("arch", ["LAYERS", "build"])
def test_layers_of_the_users_own_come_from_a_table_or_a_function(tmp_path, arch):
    (tmp_path / "mine.py").write_text(OWN)
    code = base64.b64encode(b"no code").decode()
    entries = [
        old_entry("Conv1D", "conv", {"filters": 3, "kernel_size": [5]}, "dna"),
        old_entry("Twice", "twice", {"trainable": True}, "conv"),
        old_entry("Lambda", "soft", {"function": [code, None, None]}, "twice"),
    ]
    kernel = values(5, 4, 3)
    path = old_net(tmp_path / "m.h5", entries, {"conv": {"conv/kernel:0": kernel, "conv/bias:0": values(3)}})
    conv = torch.nn.functional.conv1d(ROWS, torch.tensor(kernel).permute(2, 1, 0), torch.tensor(values(3)))
    own = torch.nn.functional.softplus(2 * conv).transpose(1, 2)
    found = answers_of(path, Foreign(arch=f"{tmp_path / 'mine.py'}:{arch}"))
    assert_same(found, [own.numpy()])
    with pytest.raises(ModelError, match=r"its layer twice is a Twice, which Keras 3 does not have; give"):
        answers_of(path)
