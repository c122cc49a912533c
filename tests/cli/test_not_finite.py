"""Where a model answers with no number, every command names the record."""

import pytest
import torch
from torch import nn

import seqattr
from tests.helpers.pieces import over_positions


class Torn(nn.Module):
    """NaN from its second layer on for a sequence without an A."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = over_positions(attend, q=nn.Linear(6, 6))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.inner(x / x[:, :1].sum(2, keepdim=True))


def attend(m: nn.Module, h: torch.Tensor) -> torch.Tensor:
    return (m.q(h) @ h.mT).softmax(-1) @ h


@pytest.fixture(scope="module")
def torn(tmp_path_factory):
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("torn") / "m.pt"
    seqattr.save_model(path, seqattr.Model(Torn().eval(), torch.zeros(2, 4, 40)))
    return path


@pytest.mark.parametrize("command", ["sensitivity", "attention", "patterns"])
def test_the_record_is_named_and_nothing_is_written(refused, torn, fasta, texts, tmp_path, command):
    records = dict(zip("pqrst", texts(5), strict=True)) | {"r": "CGT" * 13 + "C"}
    line = refused(command, "--model", torn, "--fasta", fasta(records), "--out", tmp_path / "out")
    assert line.endswith(" sequence r; nothing was written")
    assert not list(tmp_path.glob("out/*"))


def test_score_lists_the_record_and_goes_on(run, torn, fasta, texts, tmp_path):
    records = dict(zip("pqrst", texts(5), strict=True)) | {"r": "CGT" * 13 + "C"}
    words = ("score", "--model", torn, "--fasta", fasta(records), "--refs", "freq", "--out", tmp_path / "out")
    done = run(*words)
    assert done.code == 0
    assert "sequences without values: 1 of 5 (r), as the model answers nan for target target0" in done.err
    assert (tmp_path / "out" / "failed.tsv").read_text().count("\nr\t") == 1
    assert run(*words, "--force", "--strict").code == 3
