"""What was found in words: never more than what the numbers say."""

from types import SimpleNamespace

import numpy as np
import pytest

from seqattr.jobs.report.findings import LITTLE, Findings
from seqattr.jobs.report.story import (
    NONE_SURE,
    explained_in_words,
    hardly_in_words,
    sure_in_words,
    told_groups,
)
from seqattr.motifs.hits import Explained
from tests.jobs.report.test_rows import group

REST = "30.0 % of all contributions, by 10 hits for it, 7 of them sure, 1.50"


@pytest.mark.parametrize(
    ("members", "unit", "words"),
    [
        (("a",), "logit", f": {REST} logit each"),
        (("a", "b"), "logit", f" or the one like it: {REST} logit each"),
        (("a", "b", "c"), "output of t", f" or one of the 2 like it: {REST} each"),
    ],
)
def test_a_group_is_told_with_those_like_it(members, unit, words):
    assert told_groups([group("a", 0.3, members=members, mean_importance=1.5)], unit) == [("a", words)]


def test_what_counts_against_is_told_as_that():
    (told,) = told_groups([group("a", 0.3, hits=1, sure_hits=0, mean_importance=-2.0)], "logit")
    words = "by 1 hit against the target, which is not sure by itself, −2.00 logit each"
    assert told[1] == f": 30.0 % of all contributions, {words}"


@pytest.mark.parametrize(
    ("hits", "sure", "words"),
    [
        (1, 1, "which is sure"),
        (9, 9, "all of them sure"),
        (9, 1, "1 of them sure"),
        (9, 0, "none of them sure by itself"),
    ],
)
def test_a_group_s_hits_are_told_with_the_sure_ones_among_them(hits, sure, words):
    assert sure_in_words(group("a", 0.3, hits=hits, sure_hits=sure)) == words


def findings(sure: int, by_hits: tuple[float, float], carries: bool = True, seqlets: int = 900) -> Findings:
    """Of a target with contributions of 80 and -20, 10 hits, so many of them sure, and 1,000 stretches."""
    q_value = np.where(np.arange(10) < sure, 0.01, 1.0)
    hits = SimpleNamespace(
        explained=Explained(80.0, -20.0, *by_hits),
        counts=np.ones(10, bool),
        sure=q_value < 0.05,
        select=lambda which: q_value[which],
    )
    groups = [group("a", 0.01, q_value=1e-9 if carries else 0.5), group("b", 0.2, q_value=1.0)]
    others = dict.fromkeys(("target", "source", "seqlets", "nearest", "bases", "excerpts", "verdict"))
    return Findings(
        label="t", hits=hits, groups=groups, found_seqlets=1000, unexplained_seqlets=seqlets, **others
    )


def test_what_is_explained_is_that_of_the_hits_that_are_counted():
    words = "40.0 % of all positive and 10.0 % of all negative contribution, 34.0 % of both"
    assert explained_in_words(findings(7, (32, -2))) == f"7 of 10 hits are sure and explain {words}"
    assert explained_in_words(findings(1, (32, -2))) == f"1 of 10 hits is sure and explains {words}"


def test_a_group_that_carries_without_a_sure_hit_is_told_in_words():
    assert explained_in_words(findings(0, (0, 0))) == f"None of 10 hits is sure: {NONE_SURE}"
    assert explained_in_words(findings(0, (0, 0), carries=False)) == "None of 10 hits is sure"


def test_motifs_that_hardly_explain_a_model_are_told_as_that():
    missed = "900 of 1,000 stretches of high contribution lie under no sure hit"
    told = f"these motifs hardly explain this model: {missed}"
    assert hardly_in_words(findings(7, (0.7, 0))) == told
    assert hardly_in_words(findings(7, (100 * LITTLE, 0))) == ""
    assert hardly_in_words(findings(7, (0.7, 0), seqlets=0)) == ""
