"""seqattr export: scores in another tool's format."""

import numpy as np
import pytest

from seqattr.io.hdf5.stored import read_contributions
from tests.helpers.killed import contents_of


def test_the_command_writes_where_it_is_told(ran, fixed, fasta, tmp_path):
    scores = tmp_path / "scores"
    ran("score", "--model", fixed, "--fasta", fasta(3), "--out", scores, "--refs", "shuffle:2")
    out = tmp_path / "else" / "where"
    assert ran("export", scores, "--format", "modisco", "--target", "c", "--out", out) == f"wrote {out}\n"
    with np.load(out / "shap.npz") as archive:
        np.testing.assert_array_equal(archive["arr_0"], read_contributions(scores / "c.h5").hypothetical)


def test_another_target_s_files_stand_and_so_do_the_scores(ran, refused, fixed, fasta, tmp_path):
    """The run.json of an export tells its call; that of scores, which are read, is never replaced."""
    scores, out = tmp_path / "scores", tmp_path / "out"
    ran("score", "--model", fixed, "--fasta", fasta(3), "--out", scores, "--refs", "shuffle:2")
    ran("export", scores, "--target", "c", "--out", out)
    before = contents_of(out)
    line = refused("export", scores, "--target", "a", "--out", out)
    assert line.startswith(f"cannot write {out}: it holds the results of another run, with another target ")
    assert line.endswith("(c, now a); give another --out, or replace it with --force")
    assert contents_of(out) == before
    ran("export", scores, "--target", "a", "--out", out, "--force")
    assert contents_of(out) != before
    run = contents_of(scores)
    for force in ((), ("--force",)):
        line = refused("export", scores, "--target", "a", "--out", scores, *force)
        assert line.startswith(f"cannot write {scores}")
        assert contents_of(scores) == run


@pytest.mark.parametrize("name", ["ohe.npz", "shap.npz"])
def test_arrays_of_somebody_s_own_stand(ran, refused, fixed, fasta, tmp_path, name):
    """Which bear no mark, as those of ours."""
    scores, path = tmp_path / "scores", tmp_path / "mine" / name
    ran("score", "--model", fixed, "--fasta", fasta(2), "--out", scores, "--refs", "zeros")
    path.parent.mkdir()
    np.savez(path, mine=np.ones(3))
    line = refused("export", scores, "--target", "a", "--out", path.parent)
    assert f"was not written by seqattr ({name})" in line
    assert np.load(path)["mine"].sum() == 3


def test_half_of_a_run_is_no_scores(ran, refused, fixed, fasta, tmp_path):
    ran("score", "--model", fixed, "--fasta", fasta(2), "--out", tmp_path, "--refs", "zeros")
    (tmp_path / "run.json").write_text('{"seqattr": "0", "unfinished": true, "targets": ["a"]}')
    for call in (("export", tmp_path, "--target", "a"), ("report", tmp_path, "--motifs", "bundled")):
        assert refused(*call).endswith(
            "run.json tells of a run that was stopped before its end; run it again"
        )
