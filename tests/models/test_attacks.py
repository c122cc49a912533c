"""Model files that would do harm: told, and never run."""

import io
import json
import os
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import seqattr
from seqattr.engine.graph.graph import Step
from seqattr.models.native import to_plain

pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")


class Bomb:
    """Unpickling it creates a file."""

    def __init__(self, marker: Path) -> None:
        self.marker = str(marker)

    def __reduce__(self) -> tuple[Any, ...]:
        return open, (self.marker, "w")


class Script(nn.Module):
    """Loading it runs __setstate__, which creates a file through torch.from_file."""

    def __init__(self, marker: str) -> None:
        super().__init__()
        self.marker: str = marker
        self.data = torch.zeros(1)

    def forward(self, x: Tensor) -> Tensor:
        return x

    @torch.jit.export
    def __getstate__(self) -> tuple[bool, str]:
        return (self.training, self.marker)

    @torch.jit.export
    def __setstate__(self, state: tuple[bool, str]) -> None:
        self.training = state[0]
        self.marker = state[1]
        self.data = torch.from_file(state[1], True, 4)


def pickled(bomb: Bomb, legacy: bool = False) -> bytes:
    buffer = io.BytesIO()
    torch.save({"weight": bomb}, buffer, _use_new_zipfile_serialization=not legacy)
    return buffer.getvalue()


def repacked(source: Path, target: Path, change: Callable[[str, bytes], bytes]) -> None:
    """A copy of a zip archive with changed entries."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))


def pickled_weights(bomb: Bomb) -> Callable[[str, bytes], bytes]:
    """A .pt2 archive may say that its weights are pickles."""

    def change(name: str, content: bytes) -> bytes:
        if name.endswith("weights_config.json"):
            return content.replace(b'"use_pickle": false', b'"use_pickle": true')
        return pickled(bomb) if "/weights/weight_" in name else content

    return change


def own_with(change: Callable[[dict[str, Any]], Any]) -> bytes:
    """A file in our own format with something changed in it."""
    plain = to_plain(seqattr.Model(nn.Sequential(nn.Conv1d(4, 1, 3)), torch.zeros(2, 4, 9)))
    change(plain)
    buffer = io.BytesIO()
    torch.save(plain, buffer)
    return buffer.getvalue()


def pickle_in_a_zip(bomb: Bomb, path: Path, files: dict[str, Path]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/data.pkl", pickle.dumps(bomb, 2))
        archive.writestr("a/version", "3")


def script(bomb: Bomb, path: Path, files: dict[str, Path]) -> None:
    torch.jit.script(Script(bomb.marker)).save(path)


def exported_weights(bomb: Bomb, path: Path, files: dict[str, Path]) -> None:
    repacked(files["exported"], path, pickled_weights(bomb))


def exported_inputs(bomb: Bomb, path: Path, files: dict[str, Path]) -> None:
    bad = pickled(bomb)
    repacked(files["exported"], path, lambda entry, old: bad if "sample_inputs" in entry else old)


def hub_folder(bomb: Bomb, path: Path, files: dict[str, Path]) -> None:
    path.mkdir()
    (path / "pytorch_model.bin").write_bytes(pickled(bomb))


def hub_shards(bomb: Bomb, path: Path, files: dict[str, Path]) -> None:
    path.mkdir()
    (path / "config.json").write_text(json.dumps({"auto_map": {"AutoModel": "evil.py--Net"}}))
    (path / "evil.py").write_text(f"open({bomb.marker!r}, 'w')")
    (path / "a.bin").write_bytes(pickled(bomb))
    index = {"weight_map": {"weight": "a.bin"}}
    (path / "pytorch_model.bin.index.json").write_text(json.dumps(index))


# Writes a file whose full loading creates the bomb's marker.
ATTACKS: dict[str, Callable[[Bomb, Path, dict[str, Path]], Any]] = {
    "pickle": lambda bomb, path, _: path.write_bytes(pickled(bomb)),
    "legacy pickle": lambda bomb, path, _: path.write_bytes(pickled(bomb, legacy=True)),
    "bare pickle": lambda bomb, path, _: path.write_bytes(pickle.dumps(bomb, 2)),
    "state dict": lambda bomb, path, _: torch.save({"state_dict": {"w": torch.ones(1)}, "by": bomb}, path),
    "pickle in a zip": pickle_in_a_zip,
    "script": script,
    "exported, weights": exported_weights,
    "exported, example inputs": exported_inputs,
    "folder of the hub": hub_folder,
    "folder of the hub, shards": hub_shards,
    "own, step": lambda bomb, path, _: path.write_bytes(own_with(lambda d: d["steps"].append(bomb))),
    "own, tensor": lambda bomb, path, _: path.write_bytes(own_with(lambda d: d["tensors"].update(w=bomb))),
}
TORCH_LOADS = """
import contextlib, logging, pathlib, sys
import torch
logging.disable(logging.ERROR)
for path in sys.argv[1:]:
    with contextlib.suppress(Exception):
        if "exported" in path:
            torch.export.load(open(path, "rb"))
        elif "script" in path:
            torch.jit.load(path)
        elif pathlib.Path(path).is_dir():
            torch.load(next(pathlib.Path(path).glob("*.bin")), weights_only=False)
        else:
            torch.load(path, weights_only=False)
"""


USUAL = "and reading it can run code; if you trust it, convert it once: seqattr convert "
# What trust would not make readable is told what it is.
TOLD = {
    "bare pickle": "is a pickle of io.open that torch.save did not write; torch.save the model",
    "folder of the hub": "is a Hugging Face folder, and loading it runs the code of its class; if",
    "folder of the hub, shards": "is a Hugging Face folder, and loading it runs the code of its class",
}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_told_and_not_run(refused, files, fasta, tmp_path, monkeypatch, name):
    path, marker = tmp_path / "model.pt", tmp_path / "marker"
    ATTACKS[name](Bomb(marker), path, files)
    marker.unlink(missing_ok=True)  # scripting copies the module, state and all
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")  # a user may have set it for other tools
    score = ("score", "--model", path, "--fasta", fasta(2), "--out", tmp_path / "out")
    for command in (("inspect", path), score, ("convert", path, "--out", tmp_path / "c.pt")):
        line = refused(*command)
        assert TOLD.get(name, USUAL) in line
    assert not marker.exists()


@pytest.mark.parametrize("name", [name for name in ATTACKS if "own" not in name])
def test_an_architecture_of_ours_makes_no_file_trusted(refused, files, tmp_path, name):
    """Weights alone are read for it; what could run code still needs trust, or is refused."""
    path, marker = tmp_path / "model.pt", tmp_path / "marker"
    ATTACKS[name](Bomb(marker), path, files)
    marker.unlink(missing_ok=True)
    refused("convert", path, "--out", tmp_path / "c.pt", "--arch", "tal-gata", "--input-length", 60)
    assert not marker.exists()
    assert not (tmp_path / "c.pt").exists()


def test_the_shards_of_a_trusted_folder_are_weights_alone(refused, tmp_path):
    marker = tmp_path / "marker"
    hub_shards(Bomb(marker), tmp_path / "folder", {})
    options = ("--arch", "torch.nn:Identity", "--input-length", 60, "--trust-model")
    line = refused("convert", tmp_path / "folder", "--out", tmp_path / "c.pt", *options)
    assert line.endswith("a.bin is a pickled PyTorch object, and in such a folder weights alone are read")
    assert not marker.exists()


def header_of(size: int, text: bytes) -> bytes:
    return size.to_bytes(8, "little") + text


LARGE = b'{"w":{"dtype":"F32","shape":[1099511627776],"data_offsets":[0,4398046511104]}}'
HEADERS = {
    "as long as the file": header_of(2**20 + 60, b'{"w":' + b" " * 2**20 + bytes(60)),
    "of more numbers than the file has": header_of(len(LARGE), LARGE + bytes(8)),
    "deep": header_of(200_000, b'{"w":' + b"[" * 199_995),
    "longer than any": header_of(2**63, b'{"w":' + bytes(90)),
}


@pytest.mark.parametrize("kind", HEADERS)
def test_a_hostile_header_of_safetensors_is_one_line(refused, tmp_path, kind):
    (tmp_path / "w.safetensors").write_bytes(HEADERS[kind])
    options = ("--arch", "tal-gata", "--input-length", 60)
    line = refused("convert", tmp_path / "w.safetensors", "--out", tmp_path / "c.pt", *options)
    assert "truncated or damaged" in line or "is not a PyTorch model file" in line


def test_the_attacks_are_real(files, tmp_path):
    """What torch itself does with these files: each creates its marker."""
    markers = {name: tmp_path / f"{name}.marker" for name in ATTACKS}
    for name, marker in markers.items():
        ATTACKS[name](Bomb(marker), tmp_path / name, files)
        marker.unlink(missing_ok=True)
    paths = [str(tmp_path / name) for name in ATTACKS]
    subprocess.run([sys.executable, "-c", TORCH_LOADS, *paths], check=True, timeout=120)
    assert [name for name, marker in markers.items() if not marker.exists()] == []


@pytest.mark.parametrize(
    "op", ["aten.from_file.default", "os.system", "aten.set_.default", "builtins.eval", "prim.Print.default"]
)
def test_our_own_format_may_name_only_ops_that_the_engine_knows(refused, fasta, tmp_path, op):
    """Also where the file carries the fingerprint of just this content, as any attacker can write it."""
    model = seqattr.Model(nn.Sequential(nn.Conv1d(4, 1, 3)), torch.zeros(2, 4, 9))
    evil = Step("evil", op, (str(tmp_path / "marker"), True, 4))
    model.graph = replace(model.graph, steps=(evil, *model.graph.steps))
    seqattr.save_model(tmp_path / "evil.pt", model)
    score = ("score", "--model", tmp_path / "evil.pt", "--fasta", fasta(2), "--out", tmp_path / "out")
    for command in (("inspect", tmp_path / "evil.pt"), score):
        assert refused(*command) == f"no rule for the op {op}"
    assert sorted(os.listdir(tmp_path)) == ["evil.pt", "s.fa"]


def test_what_a_file_says_cannot_steer_the_terminal(run, tmp_path):
    model = seqattr.Model(nn.Sequential(nn.Conv1d(4, 1, 3)), torch.zeros(2, 4, 9))
    steps = tuple(replace(step, source="\x1b[2Jgone") for step in model.graph.steps)
    model.graph = replace(model.graph, steps=steps)
    seqattr.save_model(tmp_path / "m.pt", model)
    shown = run("inspect", tmp_path / "m.pt")
    assert shown.code == 0
    assert "\x1b" not in shown.out
    assert "?[2Jgone" in shown.out
    assert "\x1b" not in run("inspect", tmp_path / "\x1b[2J").err
