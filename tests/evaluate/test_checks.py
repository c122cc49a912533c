"""What holds of every check: few sequences judge nobody, and each says what passes."""

import pytest

from seqattr.evaluate.checks import CHECKS, FEWEST, judged
from seqattr.evaluate.judgement import Judgement, Summaries
from seqattr.evaluate.measured import Summary

LOW, HIGH = 0.9, 0.95


def summaries(count):
    row = Summary("gradient", "spearman", "a", "", 0.0, None, count, 0.92, LOW, HIGH, float("nan"))
    return Summaries([row])


@pytest.mark.parametrize("passes", [True, False])
@pytest.mark.parametrize("count", [1, FEWEST - 1, FEWEST])
def test_of_too_few_sequences_nothing_is_judged(monkeypatch, count, passes):
    check = CHECKS["labels"]
    sure = Judgement("gradient", "labels", passes, "It is as it is.", "numbers")
    monkeypatch.setitem(CHECKS, "labels", check.__class__(**{**vars(check), "judge": lambda *_: sure}))
    found = judged("labels", "gradient", summaries(count))
    if count == FEWEST:
        assert found == sure
    else:
        assert found.passes is None
        assert found.sentence.startswith(f"{count} sequence")
        assert found.basis == "numbers"


@pytest.mark.parametrize("name", CHECKS)
def test_each_says_in_a_sentence_what_passes(name):
    assert CHECKS[name].limits.endswith(".")
