"""seqattr counterfactual"""

import torch

import seqattr
from seqattr.alphabet import one_hot


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
    assert not (tmp_path / "t.tsv").exists()
