"""seqattr counterfactual"""

import pytest
import torch
from torch import nn

import seqattr
from seqattr.dna.alphabet import one_hot


def test_the_table_holds_the_models_own_outputs(ran, fixed, fasta, texts, tmp_path):
    """The path, applied to the sequences of the file, ends where the table says."""
    table = tmp_path / "table.tsv"
    said = ran("counterfactual", "--model", fixed, "--fasta", fasta(4), "--target", "b", "--out", table)
    assert "of 4 sequences reach 0; wrote" in said
    header, *rows = (line.split("\t") for line in table.read_text().splitlines())
    assert header == ["sequence", "edit", "position", "from", "to", "output", "reached"]
    model = seqattr.load_model(fixed)
    letters = {f"r{n}": list(text) for n, text in enumerate(texts(4))}
    assert {row[0] for row in rows} == set(letters)
    for name, number, position, before, after, output, _ in rows:
        if number != "0":
            assert letters[name][int(position)] == before
            letters[name][int(position)] = after
        own = model.predict(torch.from_numpy(one_hot(["".join(letters[name])])).float())[0, 1]
        assert abs(float(own) - float(output)) <= 1e-5


def test_what_is_wrong_is_one_line(refused, fixed, fasta, tmp_path):
    words = ["counterfactual", "--model", fixed, "--out", tmp_path / "t.tsv"]
    assert "unknown target 'z'" in refused(*words, "--fasta", fasta(2), "--target", "z")
    assert "must be at least 1" in refused(*words, "--fasta", fasta(2), "--most", 0)
    assert "do not fit the model" in refused(*words, "--fasta", fasta(["ACGT", "AC"]))
    assert "must be a number, not nan" in refused(*words, "--fasta", fasta(2), "--reach", "nan")
    assert not (tmp_path / "t.tsv").exists()


def test_a_place_that_cannot_be_written_is_found_before_the_work(
    refused, fixed, fasta, tmp_path, monkeypatch
):
    def work(*_, **__):
        pytest.fail("the work began")

    monkeypatch.setattr("seqattr.analyses.counterfactual.counterfactuals", work)
    words = ["counterfactual", "--model", fixed, "--fasta", fasta(2), "--out"]
    assert "Is a directory" in refused(*words, tmp_path)
    assert "is, or lies in, a file" in refused(*words, fasta(1) / "t.tsv")


class Brittle(nn.Module):
    """The number of As, but NaN where all of twelve are."""

    def forward(self, x):
        count = x[:, 0].sum(1)
        return (count + 0 * (11.5 - count).log())[:, None]


def test_a_sequence_without_an_answer_is_named(refused, fasta, tmp_path):
    seqattr.save_model(tmp_path / "m.pt", seqattr.Model(Brittle(), torch.zeros(2, 4, 12)))
    words = ["counterfactual", "--model", tmp_path / "m.pt", "--out", tmp_path / "t.tsv"]
    given = fasta({"well": "C" * 12, "bad": "A" * 12})
    line = "the model answers with NaN or infinity for sequence bad; nothing was written"
    assert refused(*words, "--fasta", given, "--reach", 99) == line
    assert not (tmp_path / "t.tsv").exists()
