"""Inputs beside the sequence, from the command line and from files, into a model file that tells of them."""

import numpy as np
import pytest
import torch

import seqattr
from seqattr.engine.capture.fitting import fit
from seqattr.engine.capture.input_form import InputForm, adapt
from seqattr.errors import InputError, UnknownName
from seqattr.models.constant_inputs import with_arrays
from seqattr.models.geometry import Foreign

LENGTH = 30
CODE = '''
import torch
from torch import nn


class Controlled(nn.Module):
    """The profile reads control tracks beside the channels."""

    n_control_tracks = 2

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(4, 6, 5, padding=2)
        self.profile, self.counts = nn.Conv1d(8, 1, 3, padding=1), nn.Linear(6, 1)

    def forward(self, X, X_ctl=None):
        h = torch.relu(self.conv(X))
        y = self.profile(h if X_ctl is None else torch.cat([h, X_ctl], 1))
        return y.mean(2), self.counts(h.mean(2))
'''


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where a user has the code of a net, its weights, and control tracks."""
    (tmp_path / "controlled.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    import controlled

    with torch.random.fork_rng([]):
        torch.manual_seed(2)
        torch.save(controlled.Controlled().state_dict(), "w.pt")
    tracks = np.random.default_rng(1).random((2, LENGTH))
    np.savez("one.npz", tracks=tracks)
    np.savez("two.npz", a=tracks, b=tracks[None].astype(np.float32))
    np.save("plain.npy", tracks)
    np.savez("words.npz", words=np.array(["a"]))
    np.savez("nan.npz", tracks * np.nan)
    yield tmp_path
    import sys

    sys.modules.pop("controlled")


CONVERT = ("convert", "w.pt", "--trust-model", "--arch", "controlled:Controlled", "--input-length", LENGTH)


def test_a_model_file_tells_what_is_held_constant(ran, run, folder):
    import controlled

    ran(*CONVERT, "--out", "m.pt", "--input", "X_ctl=two.npz:b", "--unknown", 0.25)
    model = seqattr.load_model("m.pt")
    assert model.provenance["inputs"] == "X_ctl=two.npz:b"
    assert model.provenance["unknown"] == 0.25
    assert "X_ctl=two.npz:b" in run("inspect", "m.pt").out
    net = controlled.Controlled().eval()
    net.load_state_dict(torch.load("w.pt"))
    x = torch.eye(4)[torch.randint(4, (3, LENGTH), generator=torch.Generator().manual_seed(1))].mT
    x[:, :, 4:9] = 0
    filled = x + 0.25 * (1 - x.sum(1, keepdim=True))
    tracks = torch.from_numpy(np.load("one.npz")["tracks"]).float().expand(3, 2, LENGTH)
    expected = torch.cat(net(filled, tracks), 1).detach()
    torch.testing.assert_close(model.predict(x), expected, rtol=1e-5, atol=1e-6)
    result = seqattr.attribute(model, x, torch.zeros(1, 4, LENGTH), dtype=torch.float64)
    assert result.additivity_error.max() <= 1e-10


def test_zeros_are_told_and_what_is_missing_is_the_option_to_type(ran, refused, folder):
    line = refused(*CONVERT, "--out", "m.pt", "--unknown", 0.25)
    assert "expected input[3, 6, 30] to have 8 channels, but got 6 channels instead" in line
    assert "; it runs with --input X_ctl=zeros" in line
    ran(*CONVERT, "--out", "m.pt", "--unknown", 0.25, "--input", "X_ctl=zeros")
    untrusted = refused("inspect", "w.pt", "--input", "X_ctl=zeros", "--unknown", 0.25)
    assert "--input X_ctl=zeros" in untrusted
    assert "--unknown 0.25" in untrusted
    own = refused("inspect", "m.pt", "--input", "X_ctl=zeros")
    assert "--unknown, --input, --arch" in own


@pytest.mark.parametrize("text", ["X_ctl", "=zeros", "X_ctl="])
def test_an_input_needs_a_name_and_a_value(refused, folder, text):
    line = refused(*CONVERT, "--out", "m.pt", "--input", text)
    assert line == f"--input must look like NAME=zeros, NAME=0.5 or NAME=FILE.npz, once each, not '{text}'"


def test_a_file_of_an_input_is_not_written_on(refused, folder):
    before = (folder / "one.npz").read_bytes()
    refused(*CONVERT, "--out", "one.npz", "--force", "--input", "X_ctl=one.npz")
    assert (folder / "one.npz").read_bytes() == before


WRONG = {
    "none.npz": (InputError, "`inputs=a=none.npz` cannot be read: .*No such file"),
    "w.pt.npz": (InputError, "cannot be read"),
    "two.npz": (InputError, r"two.npz holds several arrays: say which, as in two.npz:a \(a, b\)"),
    "two.npz:c": (UnknownName, "unknown array of two.npz 'c'; there is: a, b"),
    "words.npz": (InputError, "holds <U1, and no numbers"),
    "nan.npz": (InputError, "holds NaN or infinity"),
}


@pytest.mark.parametrize("text", WRONG)
@pytest.mark.usefixtures("folder")
def test_files_that_hold_no_input_are_told(text):
    error, line = WRONG[text]
    with open("w.pt.npz", "w") as file:
        file.write("no zip")
    with pytest.raises(error, match=line):
        with_arrays({"a": text})


@pytest.mark.usefixtures("folder")
def test_arrays_are_those_of_the_files():
    read = with_arrays({"a": "one.npz", "b": "two.npz:b", "c": "plain.npy", "d": "zeros", "e": 3})
    expected = np.load("plain.npy")
    for name in "abc":
        np.testing.assert_allclose(read[name].tensor.numpy().reshape(2, LENGTH), expected, rtol=1e-6)
    assert str(read["b"]) == "two.npz:b"
    assert (read["d"], read["e"]) == ("zeros", 3)


def test_what_stands_at_an_unknown_base_is_a_small_number(refused, folder):
    assert "--unknown is what stands at an unknown base" in refused(
        *CONVERT, "--out", "m.pt", "--unknown", 7, "--input", "X_ctl=zeros"
    )
    with pytest.raises(InputError, match="from -1 to 1"):
        seqattr.load_model(
            "w.pt", trust=True, foreign=Foreign(LENGTH, arch="controlled:Controlled", unknown=2)
        )


def test_inputs_of_keras_go_by_their_names_numbers_or_keys(tmp_path):
    pytest.importorskip("keras")
    from seqattr.models.sources.keras_models import keras_on_torch

    layers = (keras := keras_on_torch(tmp_path / "model.keras")).layers
    tracks, sequence = layers.Input((LENGTH, 2), name="tracks"), layers.Input((LENGTH, 4), name="onehot")
    joined = layers.Concatenate()([layers.Conv1D(3, 5, padding="same", activation="relu")(sequence), tracks])
    output = layers.Dense(1)(layers.GlobalAveragePooling1D()(joined))
    x = torch.eye(4)[torch.randint(4, (2, LENGTH), generator=torch.Generator().manual_seed(1))]
    of_list, of_dict = (
        keras.Model([tracks, sequence], output),
        keras.Model({"t": tracks, "s": sequence}, output),
    )
    expected = of_list([torch.full((2, LENGTH, 2), 0.5), x]).detach()
    for module, given in [
        (of_list, {"tracks": 0.5}),
        (of_list, {0: 0.5}),
        (of_dict, {"t": 0.5, "s": "sequence"}),
    ]:
        fitted = fit(module, InputForm("NL4", inputs=given), LENGTH)
        answer = adapt(module, fitted.form, fitted.call)(x.transpose(1, 2))
        torch.testing.assert_close(answer.detach(), expected)
    with pytest.raises(UnknownName, match=r"unknown input 'track'.* did you mean 'tracks'"):
        fit(of_list, InputForm("NL4", inputs={"track": 0.5}), LENGTH)
    with pytest.raises(InputError, match="the keys tracks, onehot: say which is the sequence's"):
        fit(of_list, InputForm("NL4"), LENGTH)
