"""seqattr maximize"""

import torch

import seqattr
from seqattr.dna.alphabet import one_hot
from seqattr.dna.frequencies import background_of
from seqattr.io.fasta.records import read_fasta

QUICK = ("--number", 7, "--steps", 20, "--polish", 2)
FILES = ["ascent.png", "ascent.svg", "logos.png", "logos.svg", "path.tsv", "run.json", "sequences.fa"]


def scores(header: str) -> dict[str, float]:
    return {key: float(value) for key, value in (word.split("=") for word in header.split()[1:])}


def test_the_files_hold_the_models_own_outputs(ran, fixed, tmp_path):
    out = tmp_path / "wanted"
    said = ran("maximize", "--model", fixed, "--target", "b", "--out", out, *QUICK)
    assert said.startswith("outputs of ")
    assert sorted(path.name for path in out.iterdir()) == FILES
    records = read_fasta(out / "sequences.fa")
    assert [record.name for record in records] == [f"maximized_{rank}" for rank in range(1, 8)]
    sequences = torch.from_numpy(one_hot([record.text for record in records])).float()
    own = seqattr.load_model(fixed).predict(sequences)[:, 1]
    told = [scores(record.header) for record in records]
    torch.testing.assert_close(own, torch.tensor([each["output"] for each in told]), rtol=1e-5, atol=1e-5)
    header, *rows = (line.split("\t") for line in (out / "path.tsv").read_text().splitlines())
    assert header == ["sequence", "start", "step", "objective", "output_relaxed", "output_discretised"]
    assert len(rows) == 7 * 21
    assert {(row[0], float(row[1])) for row in rows} == {
        (record.name, each["start"]) for record, each in zip(records, told, strict=True)
    }
    first = [float(row[4]) for row in rows[:21]]
    assert first[-1] > first[0]


def test_the_background_may_be_a_file_and_the_length_free(ran, free, fasta, tmp_path):
    background = fasta({"a": "AAACGT", "b": "TTNN"})  # each base counted once more: 4, 2, 2, 4
    words = ["maximize", "--model", free, "--length", 55, *QUICK]
    ran(*words, "--out", tmp_path / "counted", "--background", background)
    ran(
        *words,
        "--out",
        tmp_path / "given",
        "--background",
        ",".join(map(str, background_of([1 / 3, 1 / 6, 1 / 6, 1 / 3]))),
    )
    counted, given = ((tmp_path / name / "sequences.fa").read_text() for name in ("counted", "given"))
    assert counted == given
    assert {len(record.text) for record in read_fasta(tmp_path / "given" / "sequences.fa")} == {55}


def test_what_is_wrong_is_one_line(refused, fixed, tmp_path):
    out = tmp_path / "wanted"
    words = ["maximize", "--model", fixed, "--out", out]
    assert "unknown target 'z'" in refused(*words, "--target", "z")
    assert "number must be at least 1" in refused(*words, "--number", 0)
    assert "sequences of 50 bp do not fit" in refused(*words, "--length", 50)
    assert "four positive numbers" in refused(*words, "--background", "0.5,0.5")
    assert "four numbers (0.3,0.2,0.2,0.3) or a file, not 'a,b'" in refused(*words, "--background", "a,b")
    assert "nowhere.fa" in refused(*words, "--background", "nowhere.fa")
    assert not list(tmp_path.glob("wanted/*"))
