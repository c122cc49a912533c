"""Model files of every format: recognised by content, read only with trust, and then the same model."""

import io
import os
import pickle
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.export import Dim

import seqattr
from seqattr.alphabet import one_hot
from seqattr.engine.graph import Step
from seqattr.errors import ModelError, UntrustedModel
from seqattr.models.load import Foreign, recognise
from seqattr.models.native import description, to_plain

pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")

LENGTH = 40
FORMATS = {
    "pickle": "a pickled PyTorch object",
    "legacy pickle": "a pickled PyTorch object",
    "state dict": "a state dict",
    "legacy state dict": "a state dict",
    "checkpoint": "a state dict",
    "script": "a TorchScript model",
    "trace": "a TorchScript model",
    "exported": "a torch.export archive (.pt2)",
}
CODE = '''
import sys

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, channels=6, tasks=2):
        super().__init__()
        self.conv = nn.Conv1d(4, channels, 7)
        self.norm = nn.BatchNorm1d(channels)
        self.head = nn.Linear(channels * 34, tasks)

    def forward(self, x):
        return torch.sigmoid(self.head(torch.relu(self.norm(self.conv(x))).flatten(1)))


class LastChannels(Net):
    """Wants (N, L, 4)."""

    def forward(self, x):
        return super().forward(x.transpose(1, 2))


class Leaves(nn.Module):
    def __init__(self):
        sys.exit(3)


def number():
    return 3
'''


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with user_nets.py, as a user has one where the command is started."""
    folder = tmp_path_factory.mktemp("code")
    (folder / "user_nets.py").write_text(CODE)
    yield folder
    sys.modules.pop("user_nets", None)


@pytest.fixture(scope="module")
def module(code: Path) -> nn.Module:
    sys.path.insert(0, str(code))
    try:
        from user_nets import Net
    finally:
        sys.path.remove(str(code))
    with torch.random.fork_rng([]):
        torch.manual_seed(1)
        net = Net()
        net.norm.running_mean.normal_()
        net.norm.running_var.uniform_(0.5, 2)
    return net.eval()


def save_exported(module: nn.Module, path: Path, sizes: Any = "free batch") -> None:
    """torch.export.save insists on the ending .pt2."""
    shapes = ({0: Dim("batch", min=2)},) if sizes == "free batch" else sizes
    program = torch.export.export(module, (torch.zeros(3, 4, LENGTH),), dynamic_shapes=shapes)
    buffer = io.BytesIO()
    torch.export.save(program, buffer)
    path.write_bytes(buffer.getvalue())


@pytest.fixture(scope="module")
def files(module: nn.Module, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The module in a file of each format, none of which has its ending."""
    folder = tmp_path_factory.mktemp("files")
    paths = {name: folder / f"{number}.model" for number, name in enumerate(FORMATS)}
    example = torch.zeros(3, 4, LENGTH)
    torch.save(module, paths["pickle"])
    torch.save(module, paths["legacy pickle"], _use_new_zipfile_serialization=False)
    torch.save(module.state_dict(), paths["state dict"])
    torch.save(module.state_dict(), paths["legacy state dict"], _use_new_zipfile_serialization=False)
    torch.save({"epoch": 3, "model_state_dict": module.state_dict()}, paths["checkpoint"])
    torch.jit.script(module).save(paths["script"])
    torch.jit.trace(module, example).save(paths["trace"])
    save_exported(module, paths["exported"])
    return paths


@pytest.fixture
def here(code: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start in the folder of the user's code, which is not imported yet."""
    monkeypatch.chdir(code)
    monkeypatch.delitem(sys.modules, "user_nets", raising=False)


def options(name: str) -> list[str]:
    arch = ["--arch", "user_nets:Net"] if "state dict" in FORMATS[name] else []
    return ["--input-length", str(LENGTH), "--target-names", "left,right", *arch]


# --- every format ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_is_recognised_by_its_content(files, name):
    assert recognise(files[name]) == FORMATS[name]


@pytest.mark.parametrize("name", FORMATS)
def test_without_trust_the_line_to_type_is_told(refused, files, fasta, tmp_path, name):
    path = files[name]
    arch = " --arch user_nets:Net" if "state dict" in FORMATS[name] else ""
    why = "loading it runs the code of its class" if arch else "reading it can run code"
    line = f"{path} is {FORMATS[name]}, and {why}; if you trust it, convert it once: "
    names = " --target-names left,right"
    convert = (
        f"seqattr convert {path} --out {path.stem}.seqattr.pt --input-length 40{arch}{names} --trust-model"
    )
    assert refused("inspect", path, *options(name)) == line + convert
    assert refused("convert", path, "--out", tmp_path / "c.pt", *options(name)) == line + convert
    files_ = ("--model", path, "--fasta", fasta(2), "--out", tmp_path / "out")
    assert refused("score", *files_, *options(name)) == line + convert
    assert refused("inspect", path).endswith("LENGTH --arch MODULE:CLASS --trust-model" if arch else
                                             "LENGTH --trust-model")  # fmt: skip
    assert not (tmp_path / "c.pt").exists()
    assert not any((tmp_path / "out").iterdir())


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.usefixtures("here")
def test_every_format_can_be_converted_and_answers_as_the_module_does(
    ran, files, module, texts, tmp_path, name
):
    path = tmp_path / "converted.pt"
    said = ran("convert", files[name], "--out", path, "--trust-model", *options(name))
    assert said == f"wrote {path}: 5 steps, 2 targets, input 40 bp\n"
    model = seqattr.load_model(path)
    assert [target.name for target in model.targets] == ["left", "right"]
    sequences = torch.from_numpy(one_hot(texts(5))).float()
    wanted = torch.logit(module(sequences).detach().double())
    # before the sigmoid; float32 rounding, and BatchNorm folded into the convolution
    np.testing.assert_allclose(model.predict(sequences), wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["pickle", "state dict", "script", "exported"])
@pytest.mark.usefixtures("here")
def test_every_format_can_be_scored_and_inspected_at_once(ran, run, files, fasta, tmp_path, name):
    said = ran(
        *("score", "--model", files[name], "--fasta", fasta(2), "--out", tmp_path / "out"),
        *("--trust-model", *options(name)),
    )
    assert said.startswith("explained the values before the final sigmoid: left, right\n")
    shown = run("inspect", files[name], "--trust-model", *options(name))
    assert shown.code == 0
    assert "output   (N, 2), explained before the final sigmoid: left, right" in shown.out
    assert "conv1d.default" in shown.out


@pytest.mark.usefixtures("here")
def test_a_model_that_wants_other_channels_in_another_layout(ran, module, texts, tmp_path):
    torch.save(module.state_dict(), tmp_path / "m.pt")
    geometry = ["--input-layout", "NL4", "--channels", "tgca", "--arch", "user_nets:LastChannels"]
    ran(
        *("convert", tmp_path / "m.pt", "--out", tmp_path / "c.pt", "--trust-model"),
        *("--input-length", LENGTH, *geometry),
    )
    sequences = torch.from_numpy(one_hot(texts(4))).float()
    own = torch.logit(module(sequences[:, [3, 2, 1, 0]]).detach())
    np.testing.assert_allclose(
        seqattr.load_model(tmp_path / "c.pt").predict(sequences), own, rtol=1e-4, atol=1e-5
    )


def test_a_free_length_stays_free_through_an_export_archive(tmp_path):
    class Mean(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv1d(4, 3, 5)

        def forward(self, x: Tensor) -> Tensor:
            return self.conv(x).mean(-1)

    net = Mean().eval()
    save_exported(net, tmp_path / "m", ({0: Dim("batch", min=2), 2: Dim("length", min=9)},))
    model = seqattr.load_model(tmp_path / "m", trust=True, foreign=Foreign(length=30))
    assert (model.lengths.shortest, model.lengths.longest) == (9, None)


def test_an_archive_for_one_batch_size_is_refused_with_what_to_do(module, refused, tmp_path):
    save_exported(module, tmp_path / "static", None)
    trusted = ("--trust-model", "--input-length", LENGTH)
    assert refused("inspect", tmp_path / "static", *trusted) == (
        f"{tmp_path / 'static'} was exported for batches of exactly 3; export it again with "
        "dynamic_shapes=({0: torch.export.Dim('batch')},)"
    )


def test_a_path_with_a_blank_can_be_copied_from_the_message(files, tmp_path):
    path = tmp_path / "my model.pt"
    shutil.copy(files["pickle"], path)
    with pytest.raises(UntrustedModel, match=f"seqattr convert '{path}' --out 'my model.seqattr.pt' --input"):
        seqattr.load_model(path)


# --- state dicts -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arch", "args", "line"),
    [
        ("user_nets:Nope", "{}", "AttributeError: module 'user_nets' has no attribute 'Nope'"),
        ("no_such_nets:Net", "{}", "ModuleNotFoundError: No module named 'no_such_nets'"),
        ("user_nets:Net", '{"depth": 3}', "got an unexpected keyword argument 'depth'"),
        ("user_nets:Net", '{"tasks": 3}', "does not fit user_nets:Net: size mismatch for head.weight"),
        ("user_nets:Net", "3", "--arch-args must be a JSON object"),
        ("user_nets:Leaves", "{}", "cannot build --arch user_nets:Leaves: SystemExit: 3"),
        ("user_nets:number", "{}", "--arch user_nets:number gave a int, not a torch.nn.Module"),
        ("torch.nn:Identity", "{}", "does not fit torch.nn:Identity: Unexpected key(s) in state_dict"),
        ("user_nets", "{}", "--arch must look like module:Class, not 'user_nets'"),
        (":Net", "{}", "--arch must look like module:Class, not ':Net'"),
    ],
)
@pytest.mark.usefixtures("here")
def test_an_architecture_that_does_not_fit(refused, files, arch, args, line):
    trusted = ("--trust-model", "--input-length", LENGTH, "--arch", arch, "--arch-args", args)
    assert line in refused("inspect", files["state dict"], *trusted)


@pytest.mark.usefixtures("here")
def test_arguments_reach_the_class(ran, tmp_path):
    net = nn.ModuleDict({"conv": nn.Conv1d(4, 3, 7), "norm": nn.BatchNorm1d(3), "head": nn.Linear(3 * 34, 4)})
    torch.save(net.state_dict(), tmp_path / "sd")
    arguments = ("--arch", "user_nets:Net", "--arch-args", '{"tasks": 4, "channels": 3}')
    trusted = ("--trust-model", "--input-length", LENGTH)
    assert "4 targets" in ran("convert", tmp_path / "sd", "--out", tmp_path / "m.pt", *trusted, *arguments)


def test_a_state_dict_needs_its_class(refused, files):
    trusted = ("--trust-model", "--input-length", LENGTH)
    line = "is a state dict: say which class it belongs to (--arch module:Class)"
    assert line in refused("inspect", files["state dict"], *trusted)


# --- damaged, and other things -----------------------------------------------------------------


@pytest.mark.parametrize("name", [*FORMATS, "own"])
@pytest.mark.parametrize("part", [0.02, 0.5, 0.95])
@pytest.mark.usefixtures("here")
def test_a_truncated_file_is_one_line_with_trust_and_without(refused, files, free, tmp_path, name, part):
    content = (free if name == "own" else files[name]).read_bytes()
    path = tmp_path / "cut"
    path.write_bytes(content[: int(len(content) * part)])
    for trust in ([], ["--trust-model"]):
        line = refused("inspect", path, *trust, *(options(name) if name in FORMATS else []))
        assert str(path) in line
        if content.startswith(b"PK"):
            assert line.startswith(f"the model file {path} is truncated or damaged: ")
        elif trust:
            assert "truncated" in line or "unexpected EOF" in line


@pytest.mark.parametrize(
    ("thing", "line"),
    [
        ([1, 2], "holds a list, neither a model nor a state dict"),
        ({"epoch": 3}, "holds a dict, neither a model nor a state dict"),
        ({}, "holds a dict, neither a model nor a state dict"),
        (torch.zeros(3), "holds a Tensor, neither a model nor a state dict"),
    ],
)
def test_a_torch_file_that_holds_no_model(refused, tmp_path, thing, line):
    torch.save(thing, tmp_path / "thing.pt")
    assert refused("inspect", tmp_path / "thing.pt") == f"{tmp_path / 'thing.pt'} {line}"


def test_a_pickle_that_holds_more_than_a_module(refused, tmp_path):
    torch.save({"model": nn.Linear(1, 1), "epoch": 3}, tmp_path / "m.pt")
    trusted = ("--trust-model", "--input-length", LENGTH)
    assert refused("inspect", tmp_path / "m.pt", *trusted) == (
        f"{tmp_path / 'm.pt'} holds a pickled dict, not a torch.nn.Module"
    )


def test_a_zip_archive_of_something_else(refused, tmp_path):
    with zipfile.ZipFile(tmp_path / "a.pt", "w") as archive:
        archive.writestr("notes.txt", "hello")
    assert refused("inspect", tmp_path / "a.pt") == (
        f"{tmp_path / 'a.pt'} is a zip archive, but not one that PyTorch wrote"
    )


# --- attacks -----------------------------------------------------------------------------------


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
        else:
            torch.load(path, weights_only=False)
"""


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_told_and_not_run(refused, files, fasta, tmp_path, monkeypatch, name):
    path, marker = tmp_path / "model.pt", tmp_path / "marker"
    ATTACKS[name](Bomb(marker), path, files)
    marker.unlink(missing_ok=True)  # scripting copies the module, state and all
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")  # a user may have set it for other tools
    score = ("score", "--model", path, "--fasta", fasta(2), "--out", tmp_path / "out")
    for command in (("inspect", path), score, ("convert", path, "--out", tmp_path / "c.pt")):
        line = refused(*command)
        assert "and reading it can run code; if you trust it, convert it once: seqattr convert " in line
    assert not marker.exists()


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
    assert sorted(os.listdir(tmp_path)) == ["evil.pt", "out", "s.fa"]


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


# --- the library -------------------------------------------------------------------------------


def test_the_library_asks_for_trust_too(files):
    with pytest.raises(UntrustedModel):
        seqattr.load_model(files["script"], foreign=Foreign(length=LENGTH))
    with pytest.raises(ModelError, match="its input length must be given"):
        seqattr.load_model(files["script"], trust=True)
    loaded = seqattr.load_model(files["script"], trust=True, foreign=Foreign(length=LENGTH))
    assert description(loaded)["lengths"] == [LENGTH, LENGTH]
