"""seqattr finemo"""

from tests.helpers.fake_tools import install_finemo
from tests.helpers.scored import write_scores


def test_hits_are_told_beside_our_own(ran, tmp_path, monkeypatch):
    install_finemo(monkeypatch, tmp_path / "bin")
    folder = write_scores(tmp_path / "scores", count=4).folder
    out = tmp_path / "found"
    said = ran("finemo", folder, "--motifs", "bundled", "--target", "carries", "--out", out).splitlines()
    assert said[-2].startswith("carries: ")
    assert " hits by Fi-NeMo; " in said[-2]
    assert said[-1] == f"wrote {out}"
    assert (out / "figures" / "agreement.svg").is_file()


def test_sparsity_is_a_share(refused, tmp_path):
    folder = write_scores(tmp_path / "scores", count=2).folder
    line = refused("finemo", folder, "--motifs", "bundled", "--sparsity", 2, "--out", tmp_path / "out")
    assert line == "--sparsity must be between 0 and 1, not 2"
