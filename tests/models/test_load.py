"""Model files of every format: recognised by content, read only with trust, and then the same model."""

import shutil
import zipfile

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.export import Dim

import seqattr
from seqattr.cli.flags import how_to_convert
from seqattr.dna.alphabet import one_hot
from seqattr.errors import ModelError, UntrustedModel
from seqattr.models.load import Foreign, recognise
from seqattr.models.native import description
from tests.helpers.model_files import FORMATS, LENGTH, save_exported

pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")


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
    blanks = "" if name == "exported" else " --input-length LENGTH"  # an archive tells its length itself
    blanks += " --arch MODULE:CLASS" if arch else ""
    assert refused("inspect", path).endswith(f"{path.stem}.seqattr.pt{blanks} --trust-model")
    assert not (tmp_path / "c.pt").exists()
    assert not (tmp_path / "out").exists()


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


@pytest.mark.usefixtures("here")
def test_a_layout_that_nobody_named_is_found_where_one_runs(ran, module, tmp_path):
    torch.save(module.state_dict(), tmp_path / "m.pt")
    options = ["--trust-model", "--input-length", LENGTH, "--arch", "user_nets:LastChannels"]
    said = ran("convert", tmp_path / "m.pt", "--out", tmp_path / "c.pt", *options)
    assert "warning: the model takes its input in the layout NL4" in said
    ran("convert", tmp_path / "m.pt", "--out", tmp_path / "d.pt", *options, "--input-layout", "NL4")
    one, other = (seqattr.load_model(tmp_path / name) for name in ("c.pt", "d.pt"))
    assert description(one) == description(other)


@pytest.mark.usefixtures("here")
def test_a_wrong_input_length_is_one_line_with_the_right_one(refused, module, tmp_path):
    torch.save(module.state_dict(), tmp_path / "m.pt")
    options = ["--trust-model", "--input-length", 55, "--arch", "user_nets:Net"]
    line = refused("inspect", tmp_path / "m.pt", *options)
    assert line.endswith(f"; it runs on sequences of {LENGTH} bp")


def test_an_export_archive_knows_its_length(ran, refused, module, tmp_path):
    save_exported(module, tmp_path / "m.pt2")
    said = ran("convert", tmp_path / "m.pt2", "--out", tmp_path / "c.pt", "--trust-model")
    assert said.endswith(f"input {LENGTH} bp\n")
    assert refused("inspect", tmp_path / "m.pt2", "--trust-model", "--input-length", 55) == (
        f"{tmp_path / 'm.pt2'} was exported for sequences of {LENGTH} bp, and runs on no others; "
        "the input length 55 does not fit it"
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
    with pytest.raises(UntrustedModel, match="if you trust it, read it with `trust=True`") as raised:
        seqattr.load_model(path)
    assert f"seqattr convert '{path}' --out 'my model.seqattr.pt' --input" in how_to_convert(raised.value)


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
        ("user_nets", "{}", "--arch must look like module:Class or file.py:Class, not 'user_nets'"),
        (":Net", "{}", "--arch must look like module:Class or file.py:Class, not ':Net'"),
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
    assert refused("inspect", tmp_path / "thing.pt") == (
        f"{tmp_path / 'thing.pt'} {line}; torch.save the model, or its state_dict()"
    )


def test_a_pickle_of_anything_else(refused, tmp_path):
    torch.save({"loss": np.float64(0.3), "epoch": 3}, tmp_path / "m.pt")
    trusted = ("--trust-model", "--input-length", LENGTH)
    assert refused("inspect", tmp_path / "m.pt", *trusted) == (
        f"{tmp_path / 'm.pt'} holds a pickled dict, neither a model nor a state dict; torch.save the model, "
        "or its state_dict()"
    )


def test_a_zip_archive_of_something_else(refused, tmp_path):
    with zipfile.ZipFile(tmp_path / "a.pt", "w") as archive:
        archive.writestr("notes.txt", "hello")
    assert refused("inspect", tmp_path / "a.pt") == (
        f"{tmp_path / 'a.pt'} is a zip archive, but not one that PyTorch wrote; unpack it if a model is in it"
    )


# --- the library -------------------------------------------------------------------------------


def test_the_library_asks_for_trust_too(files):
    with pytest.raises(UntrustedModel):
        seqattr.load_model(files["script"], foreign=Foreign(length=LENGTH))
    with pytest.raises(ModelError, match="its input length must be given"):
        seqattr.load_model(files["script"], trust=True)
    loaded = seqattr.load_model(files["script"], trust=True, foreign=Foreign(length=LENGTH))
    assert description(loaded)["lengths"] == [LENGTH, LENGTH]


def test_an_architecture_that_a_file_does_not_want_is_told(files):
    loaded = seqattr.load_model(files["script"], trust=True, foreign=Foreign(length=LENGTH, arch="deepstarr"))
    assert loaded.notes[0].endswith("brings its own architecture: `Foreign.arch=deepstarr` plays no part")
