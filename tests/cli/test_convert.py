"""seqattr convert: a model in our own format is the same model; what somebody else wrote stands."""

import torch
from torch import nn

import seqattr


def test_a_converted_model_is_the_same(ran, refused, tmp_path):
    module = nn.Sequential(nn.Conv1d(4, 3, 5), nn.ReLU(), nn.Flatten(), nn.Linear(3 * 26, 2)).eval()
    torch.save(module, tmp_path / "m.pt")
    call = ("convert", tmp_path / "m.pt", "--out", tmp_path / "c.pt", "--input-length", 30)
    assert "--trust-model" in refused(*call)
    said = ran(*call, "--trust-model", "--target-names", "one, two")
    model = seqattr.load_model(tmp_path / "c.pt")
    size = f"{len(model.graph.steps)} steps, 2 targets, input {model.input_length}"
    assert said == f"wrote {tmp_path / 'c.pt'}: {size}\n"
    assert [target.name for target in model.targets] == ["one", "two"]
    x, zeros = torch.eye(4)[torch.randint(0, 4, (3, 30))].mT, torch.zeros(1, 4, 30)
    difference = seqattr.attribute(model, x, zeros).difference
    torch.testing.assert_close(difference.float(), (module(x) - module(zeros)).detach().T)


def test_what_somebody_else_wrote_stands(ran, refused, free, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    call = ("convert", free, "--out", tmp_path / "notes.txt")
    assert "was not written by seqattr; give another --out, or replace it with --force" in refused(*call)
    assert (tmp_path / "notes.txt").read_text() == "mine"
    ran(*call, "--force")
    assert seqattr.load_model(tmp_path / "notes.txt").input_length == seqattr.load_model(free).input_length
