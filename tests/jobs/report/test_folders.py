"""Several folders of scores in one report: side by side, and each as in a report of its own."""

import csv
import gzip
from pathlib import Path

import pytest

from seqattr.errors import InputError
from seqattr.jobs.report.run import Summary, report
from seqattr.jobs.report.scores import names_of, open_scores
from seqattr.jobs.report.settings import Settings
from seqattr.jobs.report.tables import TABLES
from tests.helpers.scored import write_scores

NONE = Settings(sequences=0)


def rows(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt") if path.suffix == ".gz" else open(path) as file:
        return list(csv.DictReader(file, delimiter="\t"))


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two cell types with other sequences, and in the second one target less."""
    folder = tmp_path_factory.mktemp("cells")
    write_scores(folder / "A" / "scores", count=24)
    write_scores(folder / "B" / "scores", count=20, seed=3, targets=("carries",), length=90)
    return [folder / "A" / "scores", folder / "B" / "scores"]


@pytest.fixture(scope="module")
def summary(folders: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Summary:
    return report(folders, ["bundled"], Settings(sequences=4), tmp_path_factory.mktemp("both") / "out")


def test_each_target_of_each_folder_has_its_label(summary):
    assert summary.carrying == {"A/carries": ["TAL1_known1"], "A/quiet": [], "B/carries": ["TAL1_known1"]}
    assert summary.sequences == 44
    (tal1,) = (row for row in rows(summary.page.parent / "groups.tsv") if row["group"] == "TAL1_known1")
    assert [tal1[f"carries_{label}"] for label in summary.carrying] == ["1", "0", "1"]
    page = summary.page.read_text()
    assert all(label in page for label in summary.carrying)


@pytest.mark.parametrize("name", ["hits.tsv", "motifs.tsv", "seqlets.tsv"])
def test_a_folder_s_rows_are_those_of_its_own_report(folders, summary, name, tmp_path):
    """The groups are formed over all, and are the same here."""
    both = rows(summary.page.parent / name)
    for folder, cell in zip(folders, "AB", strict=True):
        alone = report(folder, ["bundled"], NONE, tmp_path / cell).page.parent
        here = [row for row in both if row.pop("scores", cell) == cell]
        both = [row for row in both if row not in here]
        assert here == rows(alone / name)
    assert both == []


def test_matches_are_those_of_all_folders_and_lack_a_target_that_one_has_not(folders, summary):
    table = rows(summary.page.parent / "matches.tsv.gz")
    assert {row["scores"] for row in table} == {"A", "B"}
    for row in table:
        assert row["importance_carries"] != "NA"
        assert (row["importance_quiet"] == "NA") == (row["scores"] == "B")


def test_the_genome_browser_s_names_tell_targets_apart(summary):
    lines = (summary.page.parent / "hits.bed").read_text().splitlines()
    assert {line.split("\t")[3] for line in lines} >= {"TAL1_known1@A/carries", "TAL1_known1@B/carries"}


def test_folders_of_one_and_the_same_target_are_named_alone(folders, tmp_path):
    other = write_scores(tmp_path / "C" / "scores", count=6, targets=("carries",)).folder
    said = report([folders[1], other], ["bundled"], NONE, tmp_path / "out")
    assert list(said.hits) == ["B", "C"]


def test_folders_are_told_apart_by_what_differs(tmp_path):
    def named(*paths: str) -> list[str]:
        for path in paths:
            if not (tmp_path / path).exists():
                write_scores(tmp_path / path, count=1, targets=("t",))
        return names_of([open_scores(tmp_path / path) for path in paths])

    assert named("x/scores") == ["scores"]
    assert named("x/scores", "y/scores") == ["x", "y"]
    assert named("x/one", "x/two") == ["one", "two"]
    assert named("x/one", "y/one/scores") == ["one", "scores"]
    assert named("x/one", "x/two", "y/two") == ["x/one", "x/two", "y/two"]


def test_several_folders_need_a_place_of_their_own_and_each_once(folders):
    with pytest.raises(InputError, match="needs a folder of its own; say which, as `out`"):
        report(folders, ["bundled"])
    with pytest.raises(InputError, match="are given twice"):
        report([folders[0], folders[0]], ["bundled"], NONE, folders[0].parent / "out")
    assert not (folders[0].parent / "out").exists()


def test_all_files_are_there(summary):
    assert {path.name for path in summary.page.parent.iterdir()} == {
        *TABLES,
        "report.html",
        "run.json",
        "figures",
    }
