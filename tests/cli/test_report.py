"""seqattr report: it writes what it says, and refuses in one line."""

import pytest

from tests.helpers.scored import write_scores


@pytest.fixture
def folder(tmp_path):
    return write_scores(tmp_path / "scores", count=16).folder


def test_a_report_is_written_and_told(ran, folder):
    said = ran("report", folder, "--motifs", "bundled", "--sequences", 1, "--background", ".3,.2,.2,.3")
    page = (folder / "report" / "report.html").read_text()
    assert "A 0.300 C 0.200 G 0.200 T 0.300 (given)" in page
    assert "carries: 1 group of motifs carries importance: TAL1_known1; 8 of " in said
    assert "quiet: 0 groups of motifs carry importance; there is no hit" in said
    assert "16 sequences and 2 motifs" in said
    assert f"wrote {folder / 'report' / 'report.html'}" in said


def test_scores_of_the_command_line_can_be_reported(ran, fasta, fixed, tmp_path):
    scores = tmp_path / "out"
    ran("score", "--model", fixed, "--fasta", fasta(), "--refs", "freq", "--out", scores)
    said = ran("report", scores, "--motifs", "bundled", "--sequences", 0, "--out", tmp_path / "page")
    assert "7 sequences and 2 motifs" in said
    assert "seqattr score --model" not in (tmp_path / "page" / "hits.tsv").read_text()


ODD = """MEME version 4
MOTIF m0 empty
MOTIF m1 other
letter-probability matrix:
.1 .2 .3 .4
0 0 0 1
"""


def test_an_odd_motif_is_told_and_left_out_unless_it_is_strict(ran, refused, folder, tmp_path):
    (tmp_path / "odd.meme").write_text(ODD)
    call = ("report", folder, "--motifs", tmp_path / "odd.meme", "--sequences", 0)
    said = ran(*call)
    assert "warning: a motif was left out: motif 'm0' in" in said
    assert "16 sequences and 1 motif:" in said
    assert "motif &#39;m0&#39; in" in (folder / "report" / "report.html").read_text()
    assert "motif 'm0' in" in refused(*call, "--strict")


def test_bundled_is_said_to_be_two_motifs_wherever_it_is_offered(run, ran, folder):
    for command in ("report", "plot"):
        assert "TAL1 and GATA1" in " ".join(run(command, "--help").out.split())
    assert "bundled is two motifs" in ran("report", folder, "--motifs", "bundled", "--sequences", 0)
    assert "bundled is two motifs" in (folder / "report" / "report.html").read_text()


def test_motifs_must_be_given(run, folder):
    done = run("report", folder)
    assert done.code == 2
    assert "--motifs" in done.err


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--motifs", "none.meme"], "there is no motif file none.meme"),
        (["--motifs", "bundled", "--strand", "up"], "unknown strand 'up'"),
        (["--motifs", "bundled", "--background", "a,b"], "--background must be four numbers"),
        (["--motifs", "bundled", "--background", "1,2"], "frequencies"),
        (["--motifs", "bundled", "--sequences", "-1"], "number of sequences"),
        (["--motifs", "bundled", "--motifs", "bundled"], "names must differ"),
    ],
)
def test_what_cannot_be_is_one_line(refused, folder, options, line):
    assert line in refused("report", folder, *options)
    assert not (folder / "report").exists()


def test_a_folder_without_scores_is_one_line(refused, tmp_path):
    assert "holds no scores" in refused("report", tmp_path, "--motifs", "bundled")


def test_several_folders_stand_side_by_side(ran, refused, folder, tmp_path):
    other = write_scores(tmp_path / "other", count=16, seed=1).folder
    call = ("report", folder, other, "--motifs", "bundled", "--sequences", 0)
    assert "needs a folder of its own; say which, as --out" in refused(*call)
    said = ran(*call, "--out", tmp_path / "both")
    assert "scores/carries: 1 group of motifs carries importance" in said
    assert "other/carries: 1 group of motifs carries importance" in said
    assert "32 sequences and 2 motifs" in said


def test_a_long_report_says_how_far_it_is(ran, folder, monkeypatch):
    """In a log, a line a minute: here every line is later than that."""
    monkeypatch.setattr("seqattr.support.progress.MINUTE", 1e-9)
    said = ran("report", folder, "--motifs", "bundled", "--sequences", 0)
    assert "reporting: 16 of 16 (100 %)" in said


@pytest.mark.slow
def test_the_fold_mean_of_several_models_can_be_reported(ran, fasta, fixed, free, tmp_path):
    models = [word for model in (fixed, fixed) for word in ("--model", model)]
    scores = tmp_path / "out"
    ran("score", *models, "--fasta", fasta(), "--refs", "freq", "--each-model", "--out", scores)
    assert "7 sequences and 2 motifs" in ran("report", scores, "--motifs", "bundled", "--sequences", 0)
    folds = sorted((scores / "models").iterdir())
    said = ran("report", scores, *folds, "--motifs", "bundled", "--sequences", 0, "--out", tmp_path / "folds")
    assert f"{7 * (1 + len(folds))} sequences" in said
