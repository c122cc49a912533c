"""An input is never an output: no command replaces what it reads, under whatever name."""

import os
import shutil
from pathlib import Path

import pytest

from seqattr.errors import OutputError
from seqattr.io.atomic import check_file, replacing, replacing_all
from seqattr.io.kept import keep, keeping_inputs
from seqattr.io.stale import drop_stale


def test_outside_a_run_anything_may_be_replaced(tmp_path):
    (tmp_path / "a").write_text("old")
    keep(tmp_path / "a")
    with replacing(tmp_path / "a") as part:
        part.write_text("new")
    assert (tmp_path / "a").read_text() == "new"


@pytest.mark.parametrize("make", [os.symlink, os.link, None], ids=["a link", "a hard link", "its name"])
def test_an_input_is_not_replaced_by_any_name(tmp_path, make):
    path, other = tmp_path / "a", tmp_path / "b"
    path.write_text("precious")
    if make is None:
        other = tmp_path / "." / ".." / tmp_path.name / "a"
    else:
        make(path, other)
    with keeping_inputs():
        keep(path)
        for write in (check_file, lambda p: replacing(p).__enter__(), lambda p: in_folder(p)):
            with pytest.raises(OutputError, match="it is one of the inputs; write to another place"):
                write(other)
        drop_stale(tmp_path, [], ".*")
    assert path.read_text() == "precious"
    assert sorted(os.listdir(tmp_path)) == (["a"] if make is None else ["a", "b"])


def in_folder(path: Path) -> None:
    with replacing_all(path.parent, ["x", path.name]):
        pytest.fail("nothing should be written")


# --- the commands ------------------------------------------------------------------------------


@pytest.mark.parametrize("linked", [False, True])
def test_convert_does_not_write_over_its_model(refused, free, tmp_path, linked):
    path = tmp_path / "model.pt"
    shutil.copy(free, path)
    out = tmp_path / "link.pt" if linked else path
    if linked:
        out.symlink_to(path)
    line = refused("convert", path, "--out", out)
    assert line == f"cannot write {out}: it is one of the inputs; write to another place (--out)"
    assert path.read_bytes() == free.read_bytes()


@pytest.mark.parametrize(
    ("command", "inputs", "out"),
    [
        ("score", {"--regions": "regions.bed", "--refs": "zeros"}, "."),
        ("counterfactual", {}, "s.fa"),
        ("patterns", {}, "s.fa"),
        ("patterns", {}, "m.pt"),
        ("maximize", {}, "m.pt"),
        ("score", {"--refs": "fasta:regions.bed"}, "."),
    ],
)
def test_no_command_writes_over_what_it_reads(
    refused, free, fasta, tmp_path, monkeypatch, command, inputs, out
):
    monkeypatch.chdir(tmp_path)
    shutil.copy(free, "m.pt")
    fasta(2)
    name = Path("s.fa").read_text().split()[0][1:]
    text = Path("s.fa").read_text() if "fasta:" in str(inputs) else f"{name}\t0\t40\n"
    Path("regions.bed").write_text(text)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    sequences = () if command == "maximize" else ("--fasta", "s.fa")
    line = refused(
        command, "--model", "m.pt", *sequences, *(w for pair in inputs.items() for w in pair), "--out", out
    )
    assert "cannot write" in line
    assert {name: (tmp_path / name).read_bytes() for name in before} == before


# --- an earlier run's files --------------------------------------------------------------------


def test_what_a_run_reads_of_an_earlier_ones_report_stays(ran, free, fasta, tmp_path):
    out = tmp_path / "scores"
    words = ("score", "--model", free, "--fasta", fasta(2), "--refs", "zeros", "--out", out)
    ran(*words)
    (out / "report").mkdir()
    name = (tmp_path / "s.fa").read_text().split()[0][1:]
    for file in ("hits.bed", "hits.tsv"):
        (out / "report" / file).write_text(f"{name}\t0\t40\n")
    (out / "report" / "run.json").write_text("{}")
    ran(*words, "--regions", out / "report" / "hits.bed", "--force")
    assert [path.name for path in (out / "report").iterdir()] == ["hits.bed"]


def test_a_folder_without_a_run_is_not_score_s_to_clear(refused, ran, free, fasta, tmp_path):
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "report.html").write_text("mine")
    words = ("score", "--model", free, "--fasta", fasta(2), "--refs", "zeros", "--out", tmp_path)
    (tmp_path / "regions.bed").write_text("mine")
    line = refused(*words)
    assert line.startswith(
        f"cannot write to {tmp_path}: what is there was not written by seqattr (regions.bed)"
    )
    assert (tmp_path / "regions.bed").read_text() == "mine"
    ran(*words, "--force")
    assert (tmp_path / "report" / "report.html").read_text() == "mine"
