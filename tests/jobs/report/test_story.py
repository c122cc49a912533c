"""What was found in words: never more than what the numbers say."""

import pytest

from seqattr.jobs.report.story import told_groups
from tests.jobs.report.test_rows import group

REST = "30.0 % of all contributions, by 10 hits for it, 1.50"


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
    (told,) = told_groups([group("a", 0.3, hits=1, mean_importance=-2.0)], "logit")
    assert told[1] == ": 30.0 % of all contributions, by 1 hit against the target, −2.00 logit each"
