"""seqattr evaluate"""

import csv
import json

import pytest

from seqattr.cli.evaluate import CHECKS as NAMED
from seqattr.evaluate.checks import CHECKS

METHODS = "gradient,ism"


def rows(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


@pytest.fixture
def words(fixed, fasta, tmp_path):
    return [
        *("evaluate", "agreement", "--model", fixed, "--fasta", fasta(5), "--refs", "shuffle:2"),
        *("--methods", METHODS, "--out", tmp_path / "e"),
    ]


def test_every_check_is_a_subcommand():
    assert {*CHECKS, "all"} == NAMED.keys()


def test_a_check_leaves_tables_figures_and_a_page(ran, words, tmp_path):
    said = ran(*words)
    assert f"wrote {tmp_path}/e/evaluation.html, over 5 sequences" in said
    assert not (tmp_path / "e" / "units").exists()
    table = rows(tmp_path / "e" / "agreement.tsv")
    assert {row["method"] for row in table} == {"gradient", "ism", "random"}
    same = [row for row in table if row["method"] == row["step"]]
    assert {float(row["mean"]) for row in same} == {1.0}
    assert [row["method"] for row in rows(tmp_path / "e" / "judgements.tsv")] == ["gradient", "ism", "random"]
    assert json.loads((tmp_path / "e" / "run.json").read_text())["left out"] == {}


def test_another_commands_results_are_kept_unless_forced(ran, refused, words):
    ran(*words)
    assert "it holds the results of another run, with another seed (0, now 1)" in refused(*words, "--seed", 1)
    ran(*words, "--seed", 1, "--force")


def test_a_method_that_fails_is_told_and_the_others_go_on(ran, words, tmp_path):
    said = ran(*words[:-3], "gradient,ism,patternnet", "--out", tmp_path / "f")
    assert "patternnet is left out: the method 'patternnet' needs patterns" in said
    assert {row["method"] for row in rows(tmp_path / "f" / "agreement.tsv")} == {"gradient", "ism", "random"}


def test_sequences_are_chosen_by_the_seed(ran, words, fasta, tmp_path):
    said = ran(*words, "--sequences", 3)
    assert "3 of 5 sequences are asked for, drawn by seed 0" in said
    assert {row["sequences"] for row in rows(tmp_path / "e" / "agreement.tsv")} == {"3"}
