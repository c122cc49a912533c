"""seqattr sensitivity"""

import csv

import numpy as np
import torch
from torch import nn

import seqattr
from seqattr.dna.alphabet import one_hot

FILES = ["run.json", "sensitivity.npz", "sensitivity.png", "sensitivity.tsv"]


def table(folder):
    with open(folder / "sensitivity.tsv", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_the_table_and_the_arrays_hold_the_jacobians_mean_size(ran, fixed, fasta, texts, tmp_path):
    said = ran(
        "sensitivity", "--model", fixed, "--fasta", fasta(9), "--out", tmp_path / "s", "--batch-size", 4
    )
    assert said == f"wrote {tmp_path}/s/sensitivity.tsv, .npz and .png, over 9 sequences\n"
    assert sorted(path.name for path in (tmp_path / "s").iterdir()) == FILES
    sequences = torch.from_numpy(one_hot(texts(9)))
    slopes = seqattr.jacobian(seqattr.load_model(fixed), sequences).double()
    with np.load(tmp_path / "s" / "sensitivity.npz") as arrays:
        assert arrays["targets"].tolist() == ["a", "b", "c"]
        assert arrays["sequences"] == 9
        np.testing.assert_allclose(arrays["mean_absolute"], slopes.abs().mean(1), rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(arrays["mean_square"], slopes.square().mean(1), rtol=1e-5, atol=1e-7)
    rows = table(tmp_path / "s")
    assert len(rows) == 3 * 40 * 4
    for row in rows[::7]:
        t, base, position = "abc".index(row["target"]), "ACGT".index(row["base"]), int(row["position"])
        wanted = slopes[t, :, base, position]
        np.testing.assert_allclose(float(row["mean_absolute"]), wanted.abs().mean(), rtol=1e-4, atol=1e-7)
        np.testing.assert_allclose(float(row["mean"]), wanted.mean(), rtol=1e-4, atol=1e-7)


def test_targets_windows_and_one_sequence(ran, free, fasta, texts, tmp_path):
    long = fasta({"chr": texts(1, 100)[0]}, "genome.fa")
    words = ["sensitivity", "--model", free, "--fasta", long, "--out", tmp_path / "s"]
    assert "over 4 sequences" in ran(*words, "--tile", 20, "--target", "target1", "--target", 1)
    assert {row["target"] for row in table(tmp_path / "s")} == {"target1"}
    ran(*words, "--any-length")
    rows = table(tmp_path / "s")
    assert len(rows) == 2 * 100 * 4
    assert {row["standard_error"] for row in rows} == {"NA"}


def test_very_many_targets_must_be_named(ran, refused, fasta, tmp_path):
    profile = nn.Sequential(nn.Conv1d(4, 3, 1), nn.Flatten())
    seqattr.save_model(tmp_path / "profile.pt", seqattr.Model(profile, torch.zeros(2, 4, 40)))
    words = ["sensitivity", "--model", tmp_path / "profile.pt", "--fasta", fasta(2), "--out", tmp_path / "s"]
    assert "the model has 120 targets" in refused(*words)
    ran(*words, "--target", 7)
    assert {row["mean_absolute"] for row in table(tmp_path / "s") if row["position"] != "7"} == {"0"}


def test_what_is_wrong_is_one_line_and_an_earlier_run_stands(ran, refused, run, fixed, free, fasta, tmp_path):
    out = tmp_path / "s"
    words = ["sensitivity", "--model", fixed, "--out", out]
    ran(*words, "--fasta", fasta(3))
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    assert "unknown target 'z'" in refused(*words, "--fasta", fasta(3), "--target", "z")
    assert "do not fit the model" in refused(*words, "--fasta", fasta(["ACGT", "AC"]))
    assert "must be at least 1, not 0" in refused(*words, "--fasta", fasta(3), "--batch-size", 0)
    uneven = fasta({"a": "ACGTACGTA", "b": "ACGTACGTAC"}, "uneven.fa")
    line = refused("sensitivity", "--model", free, "--fasta", uneven, "--out", out, "--any-length")
    assert line.startswith("all sequences must have one length, but a has 9 bp and b 10 bp; --pad and --crop")
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    ran("sensitivity", "--model", free, "--fasta", uneven, "--out", out, "--pad")
    assert "lies in, a file" in refused(*words[:3], "--fasta", fasta(3), "--out", fasta(1) / "x")
    done = run(*words, "--fasta", fasta(3), "--regions", "x.bed", "--tile", 3)
    assert (done.code, "exclude each other" in done.err) == (2, True)


def test_nothing_is_said_of_a_genome(ran, fixed, fasta, texts, tmp_path):
    """No track is written, so that it does not matter where a record lies."""
    path = fasta({"chr1:100-140": texts(1)[0], "r": texts(2)[1]})
    assert "--chrom-sizes" not in ran(
        "sensitivity", "--model", fixed, "--fasta", path, "--out", tmp_path / "s"
    )


def test_padding_does_not_count(ran, fixed, fasta, texts, tmp_path):
    """Thirty bases in the middle of forty."""
    path = fasta([text[:30] for text in texts(4)])
    ran("sensitivity", "--model", fixed, "--fasta", path, "--pad", "--out", tmp_path / "s")
    rows = table(tmp_path / "s")
    blank = {int(row["position"]) for row in rows if row["mean_absolute"] == "NA"}
    assert blank == {*range(5), *range(35, 40)}
    assert all((row["sequences"] == "0") == (int(row["position"]) in blank) for row in rows)


def test_sequences_given_again_change_nothing(ran, fixed, fasta, texts, tmp_path):
    once, again = texts(9), [*texts(9), *texts(4), *texts(9)]
    for name, some in (("once", once), ("again", again)):
        (tmp_path / f"{name}.fa").write_text("".join(f">r{n}\n{text}\n" for n, text in enumerate(some)))
        ran("sensitivity", "--model", fixed, "--fasta", tmp_path / f"{name}.fa", "--out", tmp_path / name)
    assert (tmp_path / "again" / "sensitivity.tsv").read_text() == (
        tmp_path / "once" / "sensitivity.tsv"
    ).read_text()
