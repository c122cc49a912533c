"""seqattr attention"""

import csv

import h5py
import numpy as np
import torch

import seqattr
from seqattr.dna.alphabet import one_hot
from tests.helpers.pieces import Head, Net, conv

LENGTH = 40
TOKENS = LENGTH - 8
FILES = ["attention.h5", "attention.png", "rollout.tsv", "run.json"]


def table(folder):
    with open(folder / "rollout.tsv", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_the_files_hold_weights_and_rollout_of_every_sequence(ran, attending, fasta, texts, tmp_path):
    out = tmp_path / "a"
    said = ran("attention", "--model", attending, "--fasta", fasta(7), "--out", out)
    assert "found attention1 (3 heads, 32 x 32 tokens), attention2 (3 heads, 32 x 32 tokens)\n" in said
    assert sorted(path.name for path in out.iterdir()) == FILES
    sequences = torch.from_numpy(one_hot(texts(7)))
    layers, maps = seqattr.attention(seqattr.load_model(attending), sequences)
    with h5py.File(out / "attention.h5") as file:
        assert file["sequence"].asstr()[:].tolist() == [f"r{i}" for i in range(7)]
        for layer in layers:
            np.testing.assert_allclose(file[layer.name][:], maps.weights[layer.name], rtol=0, atol=1e-6)
            assert file["bases"][layer.name][:].tolist() == [[i, i + 9] for i in range(TOKENS)]
        np.testing.assert_allclose(file["rollout"][:], maps.rollout, rtol=0, atol=1e-6)
        np.testing.assert_allclose(file["rollout"][:].sum(-1), 1, rtol=0, atol=1e-5)
    rows = table(out)
    assert [row["sequence"] for row in rows[::TOKENS]] == [f"r{i}" for i in range(7)]
    shares = np.array([float(row["rollout"]) for row in rows]).reshape(7, TOKENS)
    np.testing.assert_allclose(shares, maps.rollout.mean(1), rtol=1e-4)
    places = [(int(row["token"]), row["chrom"], int(row["start"]), int(row["end"])) for row in rows[:TOKENS]]
    assert places == [(i, "r0", i, i + 9) for i in range(TOKENS)]


def test_tokens_lie_on_the_genome_where_the_windows_do(ran, attending, fasta, texts, tmp_path):
    genome = fasta({"chr1": texts(1, 200)[0]}, "genome.fa")
    (tmp_path / "peaks.bed").write_text("chr1\t90\t110\tpeak\n")
    out = tmp_path / "a"
    words = ["--fasta", genome, "--regions", tmp_path / "peaks.bed", "--out", out]
    ran("attention", "--model", attending, *words)
    places = [(row["sequence"], row["chrom"], int(row["start"]), int(row["end"])) for row in table(out)]
    assert places == [("peak", "chr1", 80 + i, 89 + i) for i in range(TOKENS)]


def two_pools(m: Net, x: torch.Tensor) -> torch.Tensor:
    """The mean of two averages over the positions, weighted each in its own way."""
    h = torch.relu(m.conv(x))
    return m.head((h[:, None] * m.weight(h).softmax(-1)[:, :, None]).sum(-1).mean(1))


def test_without_arrays_or_a_rollout_those_of_an_earlier_run_go(ran, attending, fasta, tmp_path):
    out, words = tmp_path / "a", ["--fasta", fasta(3), "--out", tmp_path / "a"]
    ran("attention", "--model", attending, *words)
    ran("attention", "--model", attending, *words, "--no-hdf5")
    assert sorted(path.name for path in out.iterdir()) == FILES[1:]
    pool = Net(two_pools, conv=conv(), weight=conv(2, 1, 6), head=Head(6))
    path = tmp_path / "pool.pt"
    seqattr.save_model(path, seqattr.Model(pool, torch.zeros(2, 4, LENGTH)))
    said = ran("attention", "--model", path, *words)
    assert "warning: rollout is not defined for this model, and left out: it has no self-attention" in said
    assert "found attention1 (2 heads, 1 x 36 tokens)" in said
    assert sorted(path.name for path in out.iterdir()) == [*FILES[:2], "run.json"]


def test_what_is_wrong_is_one_line_and_an_earlier_run_stands(ran, refused, attending, free, fasta, tmp_path):
    out = tmp_path / "a"
    ran("attention", "--model", attending, "--fasta", fasta(2), "--out", out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    words = ["attention", "--out", out, "--model"]
    none = refused(*words, free, "--fasta", fasta(2))
    assert none == "the model has no attention: nothing in it is mixed by the weights of a softmax"
    uneven = fasta({"a": "ACGTACGTACGT", "b": "ACGTACGTACGTAC"}, "uneven.fa")
    assert "all sequences must have one length" in refused(
        *words, attending, "--fasta", uneven, "--any-length"
    )
    assert "not fit the model" in refused(*words, attending, "--fasta", fasta(["ACGT"]))
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    (out / "rollout.tsv").unlink()
    (out / "rollout.tsv").mkdir()
    assert "rollout.tsv: Is a directory" in refused(*words, attending, "--fasta", fasta(2))
    assert (out / "attention.h5").read_bytes() == before["attention.h5"]


def test_padding_lies_nowhere(ran, attending, fasta, texts, tmp_path):
    """Thirty bases in the middle of forty: five of padding on each side."""
    text = texts(1, 30)[0]
    path = fasta({"chr1:0-30(+)": text, "chr1:50-80(-)": text}, "short.fa")
    (tmp_path / "sizes").write_text("chr1\t80\n")
    options = ["--fasta", path, "--pad", "--chrom-sizes", tmp_path / "sizes", "--out", tmp_path / "a"]
    ran("attention", "--model", attending, *options)
    rows = [(int(row["start"]), int(row["end"])) for row in table(tmp_path / "a")]
    assert rows[:TOKENS] == [(max(i - 5, 0), min(i + 4, 30)) for i in range(TOKENS)]
    assert rows[TOKENS:] == [(max(76 - i, 50), min(85 - i, 80)) for i in range(TOKENS)]
    ran("attention", "--model", attending, "--fasta", fasta({"chr1": text[:6]}, "six.fa"), *options[2:])
    places = [(row["start"], row["end"]) for row in table(tmp_path / "a")]
    assert places[8:10] == [("NA", "NA"), ("0", "1")]
    assert places[-11:-9] == [("4", "6"), ("5", "6")]
    assert places[-9:] == [("NA", "NA")] * 9
