"""Where a model came from is kept in its file, shown, and covered by the fingerprint."""

import hashlib
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import seqattr
from seqattr.errors import ModelError
from seqattr.models import native
from seqattr.models.geometry import Foreign, ReadModule
from seqattr.models.origin import digest, in_bounds, provenance, without_folder

NET = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, filters=3):
        super().__init__()
        self.conv = nn.Conv1d(5, filters, 5)

    def forward(self, x, tracks):
        return torch.relu(self.conv(torch.cat([x, tracks], 1))).mean(2)
"""


def entries(path: Path) -> list[bytes]:
    """What is in an archive, unpacked."""
    with zipfile.ZipFile(path) as archive:
        return [archive.read(name) for name in archive.namelist()]


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("source") / "net.pth"
    torch.save(nn.Sequential(nn.Conv1d(4, 2, 5), nn.AdaptiveAvgPool1d(1), nn.Flatten()), path)
    return path


@pytest.fixture(scope="module")
def model(source) -> seqattr.Model:
    return seqattr.load_model(source, trust=True, foreign=Foreign(length=20, channels="TGCA"))


def test_the_source_is_told(source, model):
    facts = model.provenance
    assert facts["source"] == "net.pth"
    assert facts["kind"] == "a pickled PyTorch object"
    assert facts["sha256"] == hashlib.sha256(source.read_bytes()).hexdigest()
    assert (facts["length"], facts["layout"], facts["channels"]) == (20, "N4L", "TGCA")
    assert facts["torch"] == torch.__version__
    assert "arch" not in facts  # nothing is said of what there is not


def test_it_goes_through_a_file_and_inspect_shows_it(model, run, tmp_path):
    seqattr.save_model(tmp_path / "m.pt", model)
    again = seqattr.load_model(tmp_path / "m.pt")
    assert again.provenance == model.provenance
    assert native.checksum(again) == native.checksum(model)
    shown = run("inspect", tmp_path / "m.pt").out.splitlines()
    assert "from     source net.pth" in shown
    assert f"         sha256 {model.provenance['sha256']}" in shown


def test_a_file_without_it_is_read_as_before(model, tmp_path):
    plain = native.to_plain(model)
    bare = native.from_plain(plain)
    bare.provenance = {}
    old = {key: value for key, value in plain.items() if key != "provenance"}
    assert native.from_plain(old | {"fingerprint": native.checksum(bare)}).provenance == {}


@pytest.mark.parametrize(
    "spoilt",
    [{"source": "other.pth"}, {"source": [1]}, {3: "x"}, ["source"], {"x": "y" * 10_001}, {"n": 2**70},
     dict.fromkeys(map(str, range(201)), 0)],
)  # fmt: skip
def test_what_was_changed_is_damage(model, spoilt):
    with pytest.raises(ModelError, match="the model file is damaged"):
        native.from_plain(native.to_plain(model) | {"provenance": spoilt})


def test_what_a_reader_adds_goes_before_and_long_texts_are_cut(source):
    read = ReadModule(nn.Identity(), ("a", "b"), more={"keras": "3.15", "sha256": "f00"})
    facts = provenance(source, "a kind", read, Foreign(arch="m:C", arch_args={"n": 1}))
    assert (facts["keras"], facts["sha256"]) == ("3.15", "f00")
    assert (facts["arch"], facts["arch_args"], facts["notes"]) == ("m:C", '{"n": 1}', "a; b")
    assert len(in_bounds("x" * 20_000)) == 10_000


def test_a_folder_s_digest_is_of_its_files(tmp_path):
    (tmp_path / "a").write_text("1")
    first = digest(tmp_path)
    (tmp_path / "b").write_text("2")
    assert digest(tmp_path) != first
    (tmp_path / "b").unlink()
    assert digest(tmp_path) == first


def test_files_are_told_by_their_names_alone(ran, tmp_path):
    (folder := tmp_path / "home" / "me").mkdir(parents=True)
    (folder / "net_of_me.py").write_text(NET)
    np.savez(folder / "tracks.npz", tracks=np.ones((1, 20)), other=np.zeros(1))
    net = nn.Conv1d(5, 2, 5)
    weights = {f"model.conv.{name}": tensor for name, tensor in net.state_dict().items()}
    torch.save({"state_dict": weights, "hyper_parameters": {"filters": 2}}, folder / "w.ckpt")
    ran(
        *("convert", folder / "w.ckpt", "--out", tmp_path / "m.pt", "--trust-model", "--input-length", 20),
        *("--arch", f"{folder / 'net_of_me.py'}:Net", "--input", f"tracks={folder / 'tracks.npz'}:tracks"),
    )
    facts = seqattr.load_model(tmp_path / "m.pt").provenance
    assert (facts["source"], facts["arch"]) == ("w.ckpt", "net_of_me.py:Net")
    assert facts["inputs"] == "tracks=tracks.npz:tracks"
    assert "built net_of_me.py:Net with the checkpoint's own filters=2" in facts["notes"]
    assert str(tmp_path).encode() not in b"".join(entries(tmp_path / "m.pt"))


@pytest.mark.parametrize(
    ("text", "name"),
    [("/home/me/arch.json", "arch.json"), ("package.nets:Net", "package.nets:Net"), ("bpnet", "bpnet"),
     ("../x.npz:a/b", "x.npz:a/b"), ("/a b/x.npy", "x.npy"), ("0.5", "0.5"), ("zeros(2,L)", "zeros(2,L)"),
     ("./net.py:Net", "net.py:Net"), ("", "")],
)  # fmt: skip
def test_a_name_without_its_folder(text, name):
    assert without_folder(text) == name
