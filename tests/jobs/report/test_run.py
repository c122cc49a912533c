"""The report: what it writes agrees with what was put into the scores, and it is whole or not there."""

import csv
import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from seqattr.dna.places import Places
from seqattr.errors import InputError, OutputError, UnknownName
from seqattr.io.hdf5.stored import read_contributions
from seqattr.jobs.report import page
from seqattr.jobs.report.run import Summary, report
from seqattr.jobs.report.settings import Settings
from seqattr.jobs.report.tables import TABLES
from seqattr.motifs.seqlets import WINDOW
from seqattr.motifs.tables import spans_of
from tests.helpers.scored import GATA_AT, ODD, ODD_AT, TAL_AT, Made, write_scores

FEW = Settings(sequences=3)


def rows(path: Path) -> list[dict[str, str]]:
    with open(path) as file:
        return list(csv.DictReader(file, delimiter="\t"))


def packed_rows(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt") as file:
        return list(csv.DictReader(file, delimiter="\t"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return write_scores(tmp_path_factory.mktemp("run") / "scores")


@pytest.fixture(scope="module")
def summary(made: Made) -> Summary:
    return report(made.folder, ["bundled"], FEW)


@pytest.fixture
def quick(monkeypatch):
    """Reports without figures, for what does not need them."""
    monkeypatch.setattr("seqattr.jobs.report.run.drawings", lambda *_: [])
    return Settings(sequences=0)


def test_the_group_that_carries_is_seen_and_nothing_else(made, summary):
    assert summary.carrying == {"carries": ["TAL1_known1"], "quiet": []}
    (row,) = [row for row in rows(summary.page.parent / "groups.tsv") if row["group"] == "TAL1_known1"]
    assert (row["carries_carries"], row["carries_quiet"]) == ("1", "0")
    assert float(row["q_value_carries"]) < 0.01
    # 16 bases at 0.5 each, with noise of 0.01 per base.
    assert float(row["mean_importance_carries"]) == pytest.approx(8, abs=0.1)
    assert float(row["share_carries"]) == pytest.approx(summary.explained["carries"], abs=0.02)
    assert summary.explained["carries"] > 0.3 > summary.explained["quiet"]


def test_motifs_are_listed_with_their_groups(made, summary):
    table = {(row["target"], row["motif"]): row for row in rows(summary.page.parent / "motifs.tsv")}
    hits = rows(summary.page.parent / "hits.tsv")
    groups = {row["group"]: row for row in rows(summary.page.parent / "groups.tsv")}
    assert set(groups) == {row["group"] for row in table.values()}
    for (target, motif), row in table.items():
        its = [hit for hit in hits if (hit["target"], hit["motif"]) == (target, motif)]
        assert int(row["hits"]) == len(its)
        assert {hit["group"] for hit in its} <= {row["group"]}
        assert row["carries"] == groups[row["group"]][f"carries_{target}"]
        share = groups[row["group"]][f"share_{target}"]  # each motif is a group here
        assert float(row["share"]) == pytest.approx(float(share), rel=1e-4, abs=1e-9)
        if its:
            mean = np.mean([float(hit["importance"]) for hit in its])
            assert float(row["mean_importance"]) == pytest.approx(mean, rel=1e-4)


def test_hits_are_where_motifs_were_planted_and_matter(made, summary):
    table = [row for row in rows(summary.page.parent / "hits.tsv") if row["target"] == "carries"]
    assert summary.hits["carries"] == len(table)
    large = {
        (row["motif"], row["sequence"], int(row["row_start"])) for row in table if float(row["share"]) > 0.5
    }
    assert large == {("TAL1_known1", made.names[row], TAL_AT) for row in range(0, len(made.names), 2)}


def test_matches_are_where_motifs_were_planted(made, summary):
    table = packed_rows(summary.page.parent / "matches.tsv.gz")
    strong = {
        (row["motif"], row["sequence"], int(row["row_start"])) for row in table if float(row["log_odds"]) > 9
    }
    for row in range(0, len(made.names), 2):
        assert ("TAL1_known1", made.names[row], TAL_AT) in strong
        assert ("GATA_disc1", made.names[row], GATA_AT) in strong


def test_importance_is_the_sum_of_contributions_in_the_file(made, summary):
    values = read_contributions(made.folder / "carries.h5").contributions
    hits = [row for row in rows(summary.page.parent / "hits.tsv") if row["target"] == "carries"]
    sums = [(row, row["importance"]) for row in hits]
    sums += [(row, row["importance_carries"]) for row in packed_rows(summary.page.parent / "matches.tsv.gz")]
    for row, importance in sums[::7]:
        under = values[int(row["row"]), int(row["row_start"]) : int(row["row_end"])]
        assert float(importance) == pytest.approx(under.sum(), rel=1e-4, abs=1e-5)


def test_places_are_those_of_the_regions(made, summary):
    places = Places.of(read_contributions(made.folder / "quiet.h5").regions)
    folder = summary.page.parent
    table = [*rows(folder / "hits.tsv"), *packed_rows(folder / "matches.tsv.gz")]
    assert len({row["row_strand"] for row in table}) == 2
    for row in table:
        at = [np.array([int(row[name])]) for name in ("row", "row_start", "row_end")]
        place = spans_of(places, *at, np.array([-1 if row["row_strand"] == "-" else 1]))
        assert (int(row["start"]), int(row["end"])) == (place.start[0], place.end[0])
        assert row["strand"] == ("+" if place.strand[0] > 0 else "-")


def test_what_no_hit_explains_is_found(made, summary):
    table = [row for row in rows(summary.page.parent / "seqlets.tsv") if row["target"] == "carries"]
    assert len(table) == summary.unexplained["carries"]
    assert table[0]["sequence"] == "seq0"
    assert abs(int(table[0]["row_start"]) - ODD_AT) <= 1  # noise may move it by a base
    assert int(table[0]["row_end"]) - int(table[0]["row_start"]) == WINDOW == ODD
    assert summary.unexplained["quiet"] == 0


def test_all_files_are_there_and_no_half_ones(made, summary):
    out = made.folder / "report"
    figures = {f"{name}.{form}" for name in figure_names() for form in ("png", "svg")}
    assert {path.name for path in (out / "figures").iterdir()} == figures
    assert {path.name for path in out.iterdir()} == {*TABLES, "report.html", "run.json", "figures"}


def figure_names() -> list[str]:
    return ["overview_01", "overview_02", "sequence_01", "sequence_02", "sequence_03"]


def test_twice_is_the_same_to_the_byte(made, summary, tmp_path):
    report(made.folder, ["bundled"], FEW, tmp_path / "again")
    for path in (made.folder / "report").rglob("*.*"):
        again = tmp_path / "again" / path.relative_to(made.folder / "report")
        assert again.read_bytes() == path.read_bytes(), path.name


def test_a_failure_leaves_an_earlier_report_as_it_was(made, summary, monkeypatch, tmp_path):
    out = tmp_path / "out"
    report(made.folder, ["bundled"], FEW, out)
    before = {path: path.read_bytes() for path in out.rglob("*.*")}

    def full(*_):
        raise OutputError("cannot write: no space left")

    monkeypatch.setattr(page, "render", full)
    with pytest.raises(OutputError):
        report(made.folder, ["bundled"], Settings(sequences=1, seed=5), out)
    assert {path: path.read_bytes() for path in out.rglob("*.*")} == before


def test_figures_of_an_earlier_report_go_and_what_is_not_a_report_s_stays(made, tmp_path):
    report(made.folder, ["bundled"], FEW, tmp_path)
    own = tmp_path / "figures" / "mine.png"
    own.write_bytes(b"mine")
    report(made.folder, ["bundled"], Settings(sequences=1), tmp_path)
    names = {f"{name}.{form}" for name in figure_names()[:3] for form in ("png", "svg")}
    assert {path.name for path in own.parent.iterdir()} == {*names, "mine.png"}


def test_one_strand_has_no_matches_of_the_other(made, quick, tmp_path):
    report(made.folder, ["bundled"], Settings(sequences=0, strand="forward"), tmp_path)
    for table in (rows(tmp_path / "hits.tsv"), packed_rows(tmp_path / "matches.tsv.gz")):
        assert {row["row_strand"] for row in table} == {"+"}


def test_a_large_additivity_error_is_told(quick, tmp_path):
    made = write_scores(tmp_path / "scores", count=6, error=0.3)
    summary = report(made.folder, ["bundled"], quick)
    assert not summary.additive
    assert "Look closer" in summary.page.read_text()


def test_one_sequence_that_misses_is_told_as_one(quick, tmp_path):
    errors = np.full(40, 2e-5)
    errors[3] = 1.4e-3
    made = write_scores(tmp_path / "scores", error=errors)
    summary = report(made.folder, ["bundled"], quick)
    text = summary.page.read_text()
    assert summary.additive
    assert "Look closer" not in text
    assert "2 of 80 explanations miss their difference" in text  # one for each target
    assert "scores of `precision=float64` settle it" in text


def test_the_command_s_page_and_warnings_name_options(ran, monkeypatch, tmp_path):
    """What the library says of parameters, in the words of whoever reads it."""
    made = write_scores(tmp_path / "scores", error=np.full(40, 0.1))
    ran("report", made.folder, "--motifs", "bundled", "--sequences", 1)
    text = (made.folder / "report" / "report.html").read_text()
    assert "scores of --precision float64 settle it" in text
    assert "`" not in text


def test_what_adds_up_only_by_cancelling_is_told(quick, tmp_path):
    made = write_scores(tmp_path / "scores", cancellation=3e10)
    text = report(made.folder, ["bundled"], quick).page.read_text()
    assert "Additivity holds" in text
    assert "Look closer: 80 of 80 explanations add up only by cancelling" in text


def test_sequences_without_any_match_give_empty_tables(quick, tmp_path):
    made = write_scores(tmp_path / "scores", count=6, length=8)
    summary = report(made.folder, ["bundled"], quick)
    assert summary.hits == {"carries": 0, "quiet": 0}
    for name in ("hits.tsv", "groups.tsv", "motifs.tsv"):
        assert rows(made.folder / "report" / name) == []
    assert packed_rows(made.folder / "report" / "matches.tsv.gz") == []
    assert (made.folder / "report" / "hits.bed").read_bytes() == b""


def test_one_short_sequence_is_enough(tmp_path, monkeypatch):
    """Shorter than a motif, a seqlet and what is drawn."""
    monkeypatch.setattr("seqattr.motifs.windows._NULL_WINDOWS", 1000)  # each is one more round here
    made = write_scores(tmp_path / "scores", count=1, length=8)
    summary = report(made.folder, ["bundled"], Settings(sequences=5))
    assert sum(summary.hits.values()) == 0
    assert len(list((made.folder / "report" / "figures").glob("sequence_*.png"))) == 1


def test_what_is_none_of_a_report_s_files_stays_beside_it(made, quick, tmp_path):
    """Also a table of matches, as `interactions` reads one."""
    (tmp_path / "figures").mkdir()
    for name in ("matches.tsv", "motifs.tsv", "figures/overview_99.png"):
        (tmp_path / name).write_text("sequence\tmotif\n")
    (tmp_path / "run.json").write_text('{"seqattr": "0.1.0", "settings": {"command": ""}}')
    (tmp_path / "mine.tsv").write_text("mine")
    report(made.folder, ["bundled"], quick, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        *TABLES,
        "report.html",
        "run.json",
        "figures",
        "mine.tsv",
        "matches.tsv",
    }
    assert not (tmp_path / "figures" / "overview_99.png").exists()


def test_what_is_no_folder_of_scores_is_refused(tmp_path):
    with pytest.raises(InputError, match="there is no folder"):
        report(tmp_path / "none", ["bundled"])
    with pytest.raises(InputError, match="holds no scores"):
        report(tmp_path, ["bundled"])


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (None, "there is no .*run.json"),
        ("{", "cannot be read as JSON"),
        ("[]", "does not say which targets"),
        (json.dumps({"settings": {}, "targets": []}), "does not say which targets"),
        (json.dumps({"settings": {}, "targets": ["gone"]}), r"has lost gone\.h5"),
    ],
)
def test_half_a_run_is_refused(tmp_path, text, line):
    made = write_scores(tmp_path / "scores", count=2)
    (made.folder / "run.json").unlink()
    if text is not None:
        (made.folder / "run.json").write_text(text)
    with pytest.raises(InputError, match=line):
        report(made.folder, ["bundled"])


def test_settings_that_cannot_be_are_refused(made):
    with pytest.raises(InputError, match="number of sequences"):
        Settings(sequences=-1)
    with pytest.raises(InputError, match="p_value must be above 0 and at most 1, not 0"):
        Settings(p_value=0)
    with pytest.raises(UnknownName, match="unknown strand 'up'"):
        Settings(strand="up")
