"""seqattr marginalize"""

import csv
import os
import signal
from pathlib import Path

import numpy as np
import pytest
import torch

import seqattr
from seqattr.io.fasta.records import read_fasta
from seqattr.io.motifs.meme import write_meme
from seqattr.motifs.pwm import GATA1
from tests.helpers.browser import CUT_TABLES, in_browser, opened, opened_narrow

ODD = "GA<b>TA&motif"


@pytest.fixture
def motifs(tmp_path: Path) -> Path:
    """Two motifs, one of them with a name that HTML would obey."""
    names = {ODD: GATA1.probabilities, "CAGC": np.eye(4)[:, [1, 0, 2, 1]]}
    write_meme(tmp_path / "m.meme", names, (0.25,) * 4)
    return tmp_path / "m.meme"


def rows_of(folder: Path) -> list[dict[str, str]]:
    with open(folder / "marginal.tsv", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_the_table_is_what_the_library_finds(ran, fixed, fasta, motifs, tmp_path):
    path = fasta(50)
    said = ran(
        *("marginalize", "--model", fixed, "--motifs", motifs, "--motif", "CAGC", "--backgrounds", path),
        *("--positions", "10,20", "--target", "b", "--out", tmp_path / "out"),
    )
    assert said.startswith("b: CAGC on strand ")
    assert said.endswith(
        f"wrote {tmp_path}/out/marginal.tsv and .html, backgrounds.fa, figures/ and run.json\n"
    )
    texts = [record.text for record in read_fasta(path)]
    found = seqattr.marginalize(
        seqattr.load_model(fixed),
        ["CAGC"],
        texts,
        seqattr.analyses.marginalization.Insertions((10.0, 20.0)),
        ["b"],
    )
    rows = rows_of(tmp_path / "out")
    assert list(rows[0]) == list(found.table()[0]._fields)
    for row, wanted in zip(rows, found.table(), strict=True):
        assert (row["motif"], row["target"], row["strand"]) == (wanted.motif, "b", wanted.strand)
        for name in ("position", "start", "end", "mean", "low", "high", "twin", "p_value", "q_value"):
            assert float(row[name]) == pytest.approx(getattr(wanted, name), rel=1e-5)
    assert [record.text for record in read_fasta(tmp_path / "out" / "backgrounds.fa")] == texts


def test_shuffles_and_windows_of_a_genome_are_backgrounds_too(ran, free, fasta, tmp_path):
    call = ("marginalize", "--model", free, "--motifs", "bundled", "--number", 6, "--backgrounds")
    path = fasta({"long": "ACGTTGCA" * 40 + "N" * 50 + "GATTACA" * 40}, "genome.fa")
    ran(*call, "genome", "--genome", path, "--out", tmp_path / "genome")
    drawn = read_fasta(tmp_path / "genome" / "backgrounds.fa")
    assert len(drawn) == 6
    (whole,) = read_fasta(path)
    for record in drawn:
        start, end = map(int, record.name.removeprefix("long:").split("-"))
        assert record.text == whole.text[start:end]
        assert "N" not in record.text
    ran(*call, "shuffled", "--fasta", fasta(2), "--out", tmp_path / "shuffled")
    shuffles = read_fasta(tmp_path / "shuffled" / "backgrounds.fa")
    assert [record.name for record in shuffles] == [f"r{n % 2}_shuffle{n // 2 + 1}" for n in range(6)]
    ran(*call, tmp_path / "shuffled" / "backgrounds.fa", "--out", tmp_path / "file")
    assert rows_of(tmp_path / "file") == rows_of(tmp_path / "shuffled")


def test_backgrounds_with_n_are_left_out_and_named(ran, free, fasta, texts, tmp_path):
    some = texts(4)
    path = fasta({"good": some[0], "odd": "N" + some[1][1:], "fine": some[2]})
    said = ran(
        *("marginalize", "--model", free, "--motifs", "bundled", "--backgrounds", path),
        *("--out", tmp_path / "out"),
    )
    assert "1 of the 40 bases of odd are N" in said
    assert [record.name for record in read_fasta(tmp_path / "out" / "backgrounds.fa")] == ["good", "fine"]


def test_folds_are_averaged(ran, free, fasta, tmp_path):
    path = fasta(5)
    call = ("marginalize", "--motifs", "bundled", "--backgrounds", path)
    ran(*call, "--model", free, "--model", free, "--out", tmp_path / "two")
    ran(*call, "--model", free, "--out", tmp_path / "one")
    assert rows_of(tmp_path / "two") == rows_of(tmp_path / "one")
    assert "2, whose mean is shown" in (tmp_path / "two" / "marginal.html").read_text()


def test_very_many_targets_are_taken_only_where_they_are_asked_for(refused, fasta, tmp_path):
    class Many(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.sum(2).repeat(1, 100)

    seqattr.save_model(tmp_path / "many.pt", seqattr.Model(Many(), torch.zeros(2, 4, 40)))
    for command in (("marginalize", "--motifs", "bundled"), ("spacing", "GATA", "CAGC")):
        call = (
            *command,
            "--model",
            tmp_path / "many.pt",
            "--backgrounds",
            fasta(3),
            "--out",
            tmp_path / "new",
        )
        assert "the model has 400 targets" in refused(*call)
        assert not (tmp_path / "new").exists()


def test_an_interrupted_run_leaves_nothing(run, free, fasta, tmp_path, monkeypatch):
    from seqattr.jobs import insertions as job

    def stop(*_, **__):
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(job, "write_text", stop)
    done = run(
        *("marginalize", "--model", free, "--motifs", "bundled", "--backgrounds", fasta(3)),
        *("--out", tmp_path / "out"),
    )
    assert done.code == 130
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file()]


def test_of_two_runs_in_one_folder_the_second_is_told_at_once(
    ran, refused, free, fasta, tmp_path, monkeypatch
):
    from seqattr.jobs import insertions as job

    call = "--model", free, "--backgrounds", fasta(3), "--out", tmp_path / "out"
    lines, write = list[str](), job.write

    def meanwhile(*arguments):
        lines.append(refused("spacing", "GATA", "CAGC", *call))
        write(*arguments)

    monkeypatch.setattr(job, "write", meanwhile)
    ran("marginalize", *call, "--motifs", "bundled")
    assert lines == [f"another run is at work in {tmp_path}/out; wait for its end, or give another --out"]
    assert not (tmp_path / "out/spacing.tsv").exists()


def test_so_few_backgrounds_that_nothing_can_be_told_are_warned_of_in_one_line(ran, fixed, fasta, tmp_path):
    call = ("marginalize", "--model", fixed, "--motifs", "bundled", "--backgrounds", fasta(20))
    few = "intervals over 4 backgrounds say little; 5 or more for each of "
    each = "of 20 backgrounds each of 10 shuffled twins has 2, and only the largest effects can be told"
    one = "of 7 backgrounds each of 7 shuffled twins has 1, and only the largest effects can be told"
    for options, words in ((("--number", 4), few), (("--number", 7), one), ((), each)):
        said = ran(*call, *options, "--out", tmp_path / "out", "--force")
        assert said.startswith(f"seqattr: warning: {words}")
        assert said.count("warning") == 1
        assert words in (tmp_path / "out" / "marginal.html").read_text()
    assert "warning" not in ran(*call, "--twins", 4, "--out", tmp_path / "out", "--force")


# --- the page -----------------------------------------------------------------------------------


@pytest.fixture
def page(ran, fixed, fasta, motifs, tmp_path) -> str:
    ran(
        *("marginalize", "--model", fixed, "--motifs", motifs, "--backgrounds", fasta(6)),
        *("--positions", "10,20,30", "--out", tmp_path / "out"),
    )
    return (tmp_path / "out" / "marginal.html").read_text()


def test_the_page_tells_units_and_escapes_what_came_from_files(page):
    assert "effect (logit)" in page
    assert "<b>TA&" not in page
    assert "GA&lt;b&gt;TA&amp;motif" in page


def test_each_figure_has_another_for_a_narrow_page(page):
    assert page.count("<source media=") == page.count("<img ") == 6


@in_browser
@pytest.mark.slow
def test_a_browser_shows_the_page_also_a_narrow_one(page, tmp_path):
    seen = opened(page, tmp_path, "seen.rows = document.querySelectorAll('tbody tr').length;")
    assert seen["rows"] == 3 * 2 * 2 * 3
    assert len(seen["images"]) == 6
    assert all(seen["images"])
    assert not seen["loaded"]
    narrow = opened_narrow(page, tmp_path, CUT_TABLES)
    assert narrow["width"] <= narrow["window"]
    assert narrow["cut"] == 0
    assert narrow["images"] != seen["images"]  # others, which stack panels


@in_browser
@pytest.mark.slow
def test_few_rows_and_whole_figures_are_seen_without_scrolling_in_a_box(ran, fixed, fasta, motifs, tmp_path):
    """At either width."""
    call = ("marginalize", "--model", fixed, "--motifs", motifs, "--backgrounds", fasta(6))
    ran(*call, "--out", tmp_path / "out")
    page = (tmp_path / "out" / "marginal.html").read_text()
    ask = (
        "seen.scrolled = [...document.querySelectorAll('.wide')]"
        ".filter(box => box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight).length;"
    )
    assert opened(page, tmp_path, ask)["scrolled"] == 0
    assert opened_narrow(page, tmp_path, ask)["scrolled"] == 0
