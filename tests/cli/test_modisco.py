"""seqattr modisco"""

import shlex

import pytest

from tests.helpers.fake_tools import install_modisco
from tests.helpers.scored import write_scores


@pytest.fixture
def folder(tmp_path, monkeypatch):
    install_modisco(monkeypatch, tmp_path / "bin")
    return write_scores(tmp_path / "scores", count=8).folder


def test_patterns_are_told_with_the_command_that_reports_them(ran, folder, tmp_path):
    out = tmp_path / "found"
    said = ran("modisco", folder, "--out", out, "--motifs", "bundled").splitlines()
    first = "pos_patterns.pattern_0.TAL1_known1 (78 seqlets), pos_patterns.pattern_1.GATA_disc1 (38 seqlets)"
    assert f"carries: {first}" in said
    assert said[-1] == f"wrote {out}"
    (line,) = (line.removeprefix("next: seqattr ") for line in said if line.startswith("next: "))
    assert " and 4 motifs: wrote " in ran(*shlex.split(line), "--sequences", 0)


def test_the_report_is_made_at_once_where_it_is_asked_for(ran, tmp_path, monkeypatch):
    install_modisco(monkeypatch, tmp_path / "bin")
    folder = write_scores(tmp_path / "scores", count=2, targets=["quiet"]).folder
    said = ran("modisco", folder, "--out", tmp_path / "found", "--report").splitlines()
    page = tmp_path / "found" / "report" / "report.html"
    assert said[-1] == f"wrote {page}"
    assert "pos_patterns.pattern_0" in page.read_text()
    assert not any(line.startswith("next: ") for line in said)
