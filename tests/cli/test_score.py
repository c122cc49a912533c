"""seqattr score: from files to files, and what it says."""

import gzip
import json
import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pyBigWig
import pytest

from seqattr.cli.terminal import progress_bar, this_command
from seqattr.io.hdf5.stored import read_contributions


def contributions(out: Path, target: str = "target0") -> np.ndarray:
    return read_contributions(out / f"{target}.h5").contributions


def test_the_main_job(ran, free, fasta, tmp_path):
    """Model and FASTA in, tracks out, opened again by other tools' readers."""
    out = tmp_path / "new" / "scores"
    said = ran("score", "--model", free, "--fasta", fasta(7), "--refs", "shuffle:3", "--out", out)
    lines = said.splitlines()
    assert lines[0] == "explained the model's own outputs: target0, target1"
    assert lines[1].startswith("additivity error ")
    assert lines[1].endswith(" over 7 sequences")
    assert lines[2].startswith(f"wrote {out}/<target>.bw and .h5, regions.bed and run.json in ")
    assert len(lines) == 3
    for target in ("target0", "target1"):
        with h5py.File(out / f"{target}.h5") as file, pyBigWig.open(str(out / f"{target}.bw")) as track:
            assert file["raw/seq"].dtype == np.int8
            names = ("raw/seq", "shap/seq", "projected_shap/seq")
            assert [file[name].shape for name in names] == [(7, 4, 40)] * 3
            assert track.chroms() == {f"r{i}": 40 for i in range(7)}
            values = np.stack([track.values(f"r{i}", 0, 40, numpy=True) for i in range(7)])
            np.testing.assert_array_equal(values, file["projected_shap/seq"][:].sum(1))
            assert np.abs(values).max() > 1e-4
    assert json.loads((out / "run.json").read_text())["settings"]["references"] == "shuffle:3"


def test_gzip_and_lower_case_and_windows_line_ends_are_nothing(ran, free, fasta, texts, tmp_path):
    plain = fasta(3)
    wrapped = [f"{text[:25].lower()}\r\n{text[25:]}" for text in texts(3)]
    other = "".join(f">r{i} with words\r\n{text}\r\n" for i, text in enumerate(wrapped))
    (tmp_path / "no ending").write_bytes(gzip.compress(other.encode()))
    for path, out in ((plain, "plain"), (tmp_path / "no ending", "odd")):
        ran("score", "--model", free, "--fasta", path, "--out", tmp_path / out)
    np.testing.assert_array_equal(contributions(tmp_path / "plain"), contributions(tmp_path / "odd"))


def test_warnings_tell_what_became_n_and_what_could_not_be_shuffled(ran, free, fasta, tmp_path):
    path = fasta({"iupac": "ACGTGACTGA" * 3 + "RYSWKMBD", "poly": "A" * 40, "chr1:5-45": "ACGTGACTGA" * 4})
    said = ran("score", "--model", free, "--fasta", path, "--out", tmp_path / "out", "--any-length")
    notes = [
        "8 ambiguous letters (IUPAC codes) were read as N",
        "1 of 3 headers look like genome coordinates; give --chrom-sizes to have tracks on the genome",
        "sequences that equal all their references (shuffle:10), and so score 0: 1 of 3 (poly); "
        "they may be too short, too periodic or all N",
    ]
    assert said.splitlines()[:3] == [f"seqattr: warning: {note}" for note in notes]
    assert json.loads((tmp_path / "out" / "run.json").read_text())["notes"] == notes
    assert not contributions(tmp_path / "out")[1].any()


def test_a_model_is_scored_at_the_length_it_was_made_for(ran, refused, free, fasta, texts, tmp_path):
    """It would run at others; what it says there nobody has asked for yet."""
    path, out = fasta({"long": texts(1, 55)[0]}), tmp_path / "out"
    words = ["score", "--model", free, "--fasta", path, "--refs", "zeros", "--out", out]
    line = refused(*words)
    assert "which takes 40 bp (it was made for these; --any-length would allow 7 bp or more)" in line
    assert line.endswith("long (55 bp); --crop would cut long ones to their middle")
    assert not list(out.glob("*.h5"))
    ran(*words, "--any-length")
    assert contributions(out).shape[-1] == 55
    ran(*words, "--crop", "--any-length")
    assert contributions(out).shape[-1] == 40


def test_targets_by_name_or_number_a_method_a_seed_and_float16(ran, fixed, fasta, tmp_path):
    options = ["--target", "c", "--target", 0, "--method", "gradient", "--refs", "mono:2", "--seed", 7]
    files = ["--model", fixed, "--fasta", fasta(2), "--out", tmp_path / "out"]
    said = ran("score", *files, *options, "--h5-dtype", "float16", "--batch-size", 1)
    assert said.startswith("explained the values before the final sigmoid: c, a\n")
    assert {path.name for path in (tmp_path / "out").glob("*.h5")} == {"a.h5", "c.h5"}
    with h5py.File(tmp_path / "out" / "c.h5") as file:
        assert file["shap/seq"].dtype == np.float16
        assert (file.attrs["method"], file.attrs["seed"]) == ("gradient", 7)
    settings = json.loads((tmp_path / "out" / "run.json").read_text())["settings"]
    assert settings["batch_size"] == 1
    assert settings["targets"] == ["c", "0"]


def test_sequences_of_other_lengths_can_be_padded_and_cropped(ran, refused, fixed, fasta, texts, tmp_path):
    path = fasta({"short": texts(1, 30)[0], "right": texts(1, 40)[0], "long": texts(1, 50)[0]})
    arguments = ("score", "--model", fixed, "--fasta", path, "--out", tmp_path / "out", "--refs", "freq")
    assert "short (30 bp), long (50 bp)" in refused(*arguments, "--strict")
    assert "long (50 bp); --crop" in refused(*arguments, "--pad", "--strict")
    assert "short (30 bp); --pad" in refused(*arguments, "--crop", "--strict")
    said = ran(*arguments)
    assert "2 of 3 records do not fit the model, which takes 40 bp, and were left out: short (30 bp)" in said
    assert (tmp_path / "out" / "dropped.tsv").read_text().splitlines()[1:] == [
        "short\tshort\t0\t30\t+\t30 bp do not fit the model, which takes 40 bp",
        "long\tlong\t0\t50\t+\t50 bp do not fit the model, which takes 40 bp",
    ]
    ran(*arguments, "--pad", "--crop")
    assert contributions(tmp_path / "out", "a").shape == (3, 40)
    assert not (tmp_path / "out" / "dropped.tsv").exists()  # that of the run before does not stay
    with pyBigWig.open(str(tmp_path / "out" / "a.bw")) as track:
        assert track.chroms() == {"long": 50, "right": 40, "short": 30}
        assert np.isfinite(track.values("short", 0, 30)).all()
        assert np.flatnonzero(np.isfinite(track.values("long", 0, 50))).tolist() == list(range(5, 45))


def test_a_genome_by_regions_or_tiles_or_by_its_records(ran, free, fasta, texts, tmp_path):
    (chromosome,) = texts(1, 200)
    genome = fasta({"chr1": chromosome}, "genome.fa")
    (tmp_path / "a.bed").write_text("chr1\t40\t60\n")
    (tmp_path / "sizes").write_text("chr1\t200\n")
    record = fasta({"chr1:30-70": chromosome[30:70]})
    common = ("score", "--model", free, "--refs", "freq", "--fasta")
    ran(*common, genome, "--regions", tmp_path / "a.bed", "--out", tmp_path / "regions")
    ran(*common, genome, "--tile", 30, "--out", tmp_path / "tiles")
    ran(*common, record, "--chrom-sizes", tmp_path / "sizes", "--out", tmp_path / "records")
    whole = {}
    for out in ("regions", "tiles", "records"):
        with pyBigWig.open(str(tmp_path / out / "target0.bw")) as track:
            whole[out] = track.values("chr1", 0, 200, numpy=True)
    # another batch size: float32 rounding
    np.testing.assert_allclose(whole["regions"], whole["records"], rtol=1e-5, atol=1e-6)
    # tiles 0-40 30-70 60-100 ... 150-190, and 160-200 up to the end: the second one keeps 35-65
    np.testing.assert_allclose(whole["tiles"][35:65], whole["records"][35:65], rtol=1e-5, atol=1e-6)
    assert np.isfinite(whole["tiles"]).all()


def test_the_default_folder_is_scores(ran, free, fasta, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ran("score", "--model", free, "--fasta", fasta(2))
    assert (tmp_path / "scores" / "run.json").exists()


# --- progress ----------------------------------------------------------------------------------


def test_a_log_gets_no_progress_bar(capsys):
    with progress_bar("scoring") as progress:
        progress(1, 2)
        progress(2, 2)
    assert capsys.readouterr() == ("", "")


def test_a_terminal_gets_one(free, fasta, tmp_path):
    terminal, theirs = pty.openpty()
    command = ["score", "--model", str(free), "--fasta", str(fasta(5)), "--out", str(tmp_path / "out")]
    script = "from seqattr.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", script, *command, "--batch-size", "20"],
        stderr=theirs,
        stdout=subprocess.PIPE,
        timeout=120,
        check=True,
    )
    os.close(theirs)
    shown = os.read(terminal, 1 << 16).decode()
    os.close(terminal)
    assert done.stdout == b""
    assert "scoring" in shown
    assert "5/5" in shown
    assert "\r" in shown
    assert "wrote" in shown


def test_what_somebody_else_wrote_is_replaced_by_force_alone(ran, refused, free, fasta, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "target0.bw").write_text("somebody's")
    words = ("score", "--model", free, "--fasta", fasta(2), "--refs", "zeros", "--out", out)
    line = refused(*words)
    assert line.startswith(f"cannot write to {out}: what is there was not written by seqattr (target0.bw); ")
    assert (out / "target0.bw").read_text() == "somebody's"
    ran(*words, "--force")
    assert (out / "target0.bw").read_bytes() != b"somebody's"


def test_results_of_another_run_are_replaced_by_force_alone(ran, refused, free, fasta, tmp_path, monkeypatch):
    """Without a word the folder's default name cost a whole run; the same command again is no other run."""
    monkeypatch.chdir(tmp_path)
    command = ["score", "--model", free, "--fasta", fasta(2), "--refs", "zeros"]

    def typed(*more: str) -> list[str]:
        words = [str(word) for word in (*command, *more)]
        monkeypatch.setattr(sys, "argv", ["seqattr", *words])
        return words

    ran(*typed())
    ran(*typed())
    before = (tmp_path / "scores" / "target0.h5").read_bytes()
    line = refused(*typed("--seed", "1"))
    assert line.startswith("cannot write scores: it holds the results of another run (seqattr score --model ")
    assert line.endswith("; give another --out, or replace it with --force")
    assert (tmp_path / "scores" / "target0.h5").read_bytes() == before
    ran(*typed("--seed", "1", "--force"))
    ran(*typed("--seed", "1"))
    ran(*typed("--force", "--seed", "1"))
    ran(*typed("--strict", "--seed", "1"))
    typed("--force", "--seed", "1")
    assert this_command().endswith(" --refs zeros --seed 1")
    shutil.move("scores", "elsewhere")
    ran(*typed("--seed", "1", "--out", "elsewhere"))  # the same run, wherever it lies


@pytest.mark.parametrize("words", [("--device", "foo"), ("--target", "nope"), ("--refs", "zeros:2")])
def test_a_call_that_cannot_be_leaves_no_folder(refused, models, fasta, tmp_path, words):
    refused("score", "--model", models / "fixed.pt", "--fasta", fasta(2), *words, "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()
