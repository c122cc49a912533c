"""seqattr plot: a figure of a region, or one line."""

import pytest

from tests.helpers.scored import write_scores


@pytest.fixture
def folder(tmp_path):
    return write_scores(tmp_path / "scores", count=12).folder


def test_a_plot_boxes_hits(ran, folder, tmp_path):
    said = ran("plot", folder, "--region", "seq0:10-70", "--hits", "--out", tmp_path / "x.svg")
    assert "carries, quiet" in said
    assert "<!-- TAL1_known1" in (tmp_path / "x.svg").read_text()  # as matplotlib notes drawn text


def test_a_plot_of_nothing_is_one_line(refused, folder, tmp_path):
    out = tmp_path / "x.png"
    assert "there is: seq0, seq1" in refused("plot", folder, "--region", "nobody", "--out", out)
    assert ".svg" in refused("plot", folder, "--region", "seq0", "--out", tmp_path / "x.txt")
    assert not out.exists()


def test_scores_of_the_command_line_can_be_plotted(ran, fasta, fixed, tmp_path):
    scores = tmp_path / "out"
    ran("score", "--model", fixed, "--fasta", fasta(), "--refs", "freq", "--out", scores)
    ran("plot", scores, "--region", "r3:0-20", "--target", "b", "--out", tmp_path / "x.svg")
    assert (tmp_path / "x.svg").read_text().startswith("<?xml")


def test_what_was_drawn_is_told_in_one_line(ran, folder, tmp_path):
    """Also of rows whose labels have several lines in the figure."""
    other = write_scores(tmp_path / "other", count=12).folder
    said = ran("plot", folder, other, "--region", "seq0:10-30", "--out", tmp_path / "x.png")
    assert said.startswith(f"wrote {tmp_path}/x.png: carries {folder}, quiet {folder}, carries {other}, ")
    assert said.count("\n") == 1


def test_a_folder_without_scores_is_one_line(refused, tmp_path):
    assert "holds no scores" in refused("plot", tmp_path, "--region", "x", "--out", tmp_path / "x.png")
