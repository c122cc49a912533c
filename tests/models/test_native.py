"""Our own model file: what goes in comes out, it is only data, and damage is told."""

import io
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import seqattr
from seqattr.dna.alphabet import one_hot
from seqattr.engine.graph.graph import Ref
from seqattr.errors import ModelError, UnsupportedOp
from seqattr.models import native
from tests.helpers.kinds_of_method import ready

LENGTH = 30


class Many(nn.Module):
    """Two outputs, a free length, a softmax, attention, a norm, integers and dtypes among the arguments."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(4, 6, 5, padding="same")
        self.norm = nn.LayerNorm(6)
        self.query = nn.Linear(6, 6)
        self.heads = nn.ModuleList([nn.Linear(6, 3), nn.Linear(6, 1)])

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        h = self.norm(torch.relu(self.conv(x)).transpose(1, 2))
        place = torch.arange(h.shape[1], device=h.device).to(h.dtype) / 10
        weights = (self.query(h + place[None, :, None]) @ h.transpose(1, 2)).softmax(-1)
        pooled = (weights @ h).mean(1)
        return self.heads[0](pooled).softmax(-1), self.heads[1](pooled)


def make(module: nn.Module, **options: Any) -> seqattr.Model:
    return seqattr.Model(module, torch.zeros(2, 4, LENGTH, dtype=options.pop("dtype", None)), **options)


@pytest.fixture(scope="module")
def many() -> seqattr.Model:
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        return make(Many(), targets=["a", "b", "c", "counts"])


@pytest.fixture
def sequences(texts) -> Tensor:
    return torch.from_numpy(one_hot(texts(4, LENGTH))).float()


def saved(model: seqattr.Model, path: Path) -> seqattr.Model:
    seqattr.save_model(path, model)
    return seqattr.load_model(path)


def test_everything_comes_back(many, sequences, tmp_path):
    again = saved(many, tmp_path / "m.pt")
    torch.testing.assert_close(again.predict(sequences), many.predict(sequences), rtol=0, atol=0)
    assert again.graph.steps == many.graph.steps
    assert again.graph.outputs == many.graph.outputs
    assert (again.lengths, again.example_length) == (many.lengths, many.example_length)
    assert (again.targets, again.finals, again.shapes) == (many.targets, many.finals, many.shapes)
    assert again.finals == ("softmax", "")
    assert native.checksum(again) == native.checksum(many)
    assert native.description(again) == native.description(many)


@pytest.mark.parametrize("method", list(seqattr.METHODS))
def test_attributions_come_back_bit_by_bit(many, sequences, tmp_path, method):
    again = saved(many, tmp_path / "m.pt")
    references = seqattr.references("shuffle:2", sequences)
    chosen = ready(many, method)
    for mine, theirs in zip(
        seqattr.attribute(many, sequences, references, method=chosen).tensors,
        seqattr.attribute(again, sequences, references, method=chosen).tensors,
        strict=True,
    ):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_precision_of_the_weights_comes_back(dtype, tmp_path):
    again = saved(make(nn.Conv1d(4, 1, 3).to(dtype), dtype=dtype), tmp_path / "m.pt")
    assert again.dtype == dtype


def test_a_file_is_plain_data_that_torch_reads_safely(many, tmp_path):
    seqattr.save_model(tmp_path / "m.pt", many)
    data = torch.load(tmp_path / "m.pt", weights_only=True)
    assert data["format"] == "seqattr model"
    assert data["version"] == 1
    assert data["fingerprint"] == native.checksum(many)
    assert all(isinstance(tensor, Tensor) for tensor in data["tensors"].values())

    def check(value: Any) -> None:
        if isinstance(value, dict):
            assert all(isinstance(key, str) for key in value)
            value = list(value.values())
        if isinstance(value, list):
            for entry in value:
                check(entry)
        else:
            assert value is None or type(value) in (str, int, float, bool)

    check({key: value for key, value in data.items() if key != "tensors"})


def test_the_fingerprint_is_of_the_content_alone(many, tmp_path):
    for name in ("a.pt", "b.pt"):
        seqattr.save_model(tmp_path / name, many)
    with torch.random.fork_rng([]):
        torch.manual_seed(0)
        captured_again = make(Many(), targets=["a", "b", "c", "counts"])
    prints = {
        native.checksum(model)
        for model in (many, captured_again, *(seqattr.load_model(tmp_path / n) for n in ("a.pt", "b.pt")))
    }
    assert len(prints) == 1


def test_anything_else_gives_another_fingerprint(many):
    plain = native.to_plain(many)
    name = next(name for name, tensor in plain["tensors"].items() if tensor.is_floating_point())
    one_bit = plain["tensors"][name].clone()
    one_bit.view(-1)[0] = torch.nextafter(one_bit.view(-1)[0], torch.tensor(9.0))
    others = [
        make(Many(), targets=["a", "b", "c", "counts"]),  # other weights
        changed(many, {"tensors": {**plain["tensors"], name: one_bit}}),
        changed(many, {"targets": [["x", 0, 0], *plain["targets"][1:]]}),
        changed(many, {"finals": ["", ""]}),
    ]
    assert len({native.checksum(model) for model in (many, *others)}) == 5


def changed(model: seqattr.Model, change: dict[str, Any]) -> seqattr.Model:
    """The model with something changed in its file, where the fingerprint is that of the change."""
    data = native.to_plain(model) | change
    data["fingerprint"] = ""
    with pytest.raises(ModelError, match="another fingerprint"):
        native.from_plain(data)
    steps = tuple(native.decode_step(step) for step in data["steps"])
    graph = type(model.graph)(steps, data["tensors"], tuple(data["outputs"]))
    targets = [seqattr.Target(*target) for target in data["targets"]]
    facts = {"finals": tuple(data["finals"]), "shapes": model.shapes, "example_length": LENGTH}
    return seqattr.Model.from_parts(graph, model.lengths, targets, **facts)


# --- damage ------------------------------------------------------------------------------------


def write(data: Any, path: Path) -> Path:
    torch.save(data, path)
    return path


@pytest.mark.parametrize("version", [0, 2, None, "1"])
def test_another_version_is_told(many, refused, tmp_path, version):
    path = write(native.to_plain(many) | {"version": version}, tmp_path / "m.pt")
    assert refused("inspect", path) == (
        f"the model file has version {version} of the format, this seqattr reads 1"
    )


@pytest.mark.parametrize("key", ["steps", "tensors", "outputs", "lengths", "targets", "finals", "shapes",
                                 "example_length", "fingerprint"])  # fmt: skip
@pytest.mark.parametrize("value", ["missing", None, 3, "x", [], {}, [None]])
def test_damage_to_any_part_is_one_line(many, refused, tmp_path, key, value):
    data = native.to_plain(many)
    if value == "missing":
        del data[key]
    else:
        data[key] = value
    assert refused("inspect", write(data, tmp_path / "m.pt")).startswith("the model file is damaged: ")


@pytest.mark.parametrize("key", ["name", "op", "args", "kwargs", "layout"])
@pytest.mark.parametrize("value", ["missing", 7, "x", {"ref": "nowhere"}, {"what": 1, "else": 2}])
def test_damage_to_a_step_is_one_line(many, refused, tmp_path, key, value):
    data = native.to_plain(many)
    if value == "missing":
        del data["steps"][1][key]
    else:
        data["steps"][1][key] = value
    line = refused("inspect", write(data, tmp_path / "m.pt"))
    assert line.startswith(("the model file is damaged: ", "no rule for the op "))


def test_a_step_that_reads_what_is_not_there_is_named(many):
    data = native.to_plain(many)
    data["steps"][0]["args"][0] = {"ref": "nowhere"}
    with pytest.raises(ModelError, match=f"step {data['steps'][0]['name']} reads nowhere, which is nowhere"):
        native.from_plain(data)


def test_a_flipped_bit_in_the_weights_is_found(many, refused, fasta, tmp_path):
    """The archive's own checksums are not looked at by those who read it."""
    path = tmp_path / "m.pt"
    seqattr.save_model(path, many)
    content = bytearray(path.read_bytes())
    weights = many.graph.tensors["p_conv_weight"].numpy().tobytes()
    content[content.index(weights) + 3] ^= 1
    path.write_bytes(content)
    line = refused("score", "--model", path, "--fasta", fasta(2), "--out", tmp_path / "out")
    assert line.startswith("the model file is damaged: ")
    assert line.endswith("its content has another fingerprint than the one it carries")


def test_ops_of_no_table_are_refused_even_where_they_do_not_touch_the_bases(many):
    data = native.to_plain(many)
    data["steps"][0] |= {"op": "aten.from_file.default", "args": ["x", True, 4]}
    with pytest.raises(UnsupportedOp, match=r"no rule for the op aten\.from_file\.default"):
        native.from_plain(data)


# --- arguments ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "argument",
    [None, True, 3, -1.5, float("inf"), float("-inf"), "x", [1, [2.0, None]], {"a": {"b": Ref("r")}},
     Ref("step"), [Ref("a"), 3], *native.DTYPES.values()],
    ids=str,
)  # fmt: skip
def test_an_argument_comes_back(argument):
    buffer = io.BytesIO()
    torch.save(native.encode(argument), buffer)
    buffer.seek(0)
    back = native.decode(torch.load(buffer, weights_only=True))
    assert back == argument
    assert type(back) is type(argument)


def test_every_dtype_that_a_graph_may_name_can_be_read_back():
    dtypes = {value for value in vars(torch).values() if isinstance(value, torch.dtype)}
    simple = {d for d in dtypes if str(d).removeprefix("torch.").rstrip("0123456789") in
              ("float", "bfloat", "int", "uint", "bool")}  # fmt: skip
    assert {d for d in simple if d.itemsize <= 8} >= set(native.DTYPES.values())
    assert {torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64} <= set(native.DTYPES.values())


def test_an_argument_of_another_type_is_named():
    with pytest.raises(ModelError, match="an argument of type complex cannot be written to a model file"):
        native.encode([1j])


def test_a_file_is_written_whole_or_not_at_all(many, tmp_path, monkeypatch):
    path = tmp_path / "m.pt"
    seqattr.save_model(path, many)
    before = path.read_bytes()

    def half(data: Any, file: Any) -> None:
        file.write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(torch, "save", half)
    with pytest.raises(KeyboardInterrupt):
        seqattr.save_model(path, many)
    assert [p.name for p in tmp_path.iterdir()] == ["m.pt"]
    assert path.read_bytes() == before


SAVING = """native.save_model("m.pt", Model(torch.nn.Conv1d(4, 100, 40), torch.zeros(2, 4, 40)))"""


def test_a_full_disk_is_one_line(with_full_disk, tmp_path):
    """torch itself speaks of an enforce that failed."""
    imports = (
        "import torch; from seqattr.engine.capture.model import Model; from seqattr.models import native"
    )
    assert with_full_disk(imports, SAVING, 20_000) == "OutputError: cannot write m.pt: File too large"
    assert not list(tmp_path.iterdir())
