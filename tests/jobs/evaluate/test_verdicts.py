"""What all judgements of a method say together."""

from dataclasses import replace

import pytest

from seqattr.evaluate.checks import CHECKS
from seqattr.evaluate.judgement import Judgement
from seqattr.jobs.evaluate.verdicts import BELIEVE, CAREFUL, DOUBT, OPEN, listed, verdict_of, word_of


def judgement(check, passes):
    return Judgement("m", check, passes, f"{check} says so.", "1")


@pytest.fixture(autouse=True)
def checks(monkeypatch):
    for name, decisive in (("grave", True), ("grave2", True), ("light", False)):
        monkeypatch.setitem(CHECKS, name, replace(CHECKS["agreement"], decisive=decisive))


@pytest.mark.parametrize(
    ("passes", "word"),
    [
        ({"grave": True, "grave2": True, "light": True}, BELIEVE),
        ({"grave": True, "light": True}, CAREFUL),
        ({"grave": True, "light": False}, CAREFUL),
        ({"grave": False, "light": True}, DOUBT),
        ({"grave": True, "grave2": False, "light": False}, DOUBT),
        ({"grave": None, "light": None}, OPEN),
        ({"grave": True, "grave2": True, "light": None}, BELIEVE),
        ({"grave": True, "light": None}, CAREFUL),
        ({"light": True}, CAREFUL),
        ({"grave": True, "grave2": None}, CAREFUL),
        ({}, OPEN),
    ],
)
def test_the_word_is_that_of_the_gravest_failure(passes, word):
    assert verdict_of("m", [judgement(*pair) for pair in passes.items()]).word == word


def test_the_sentence_says_what_failed_and_why_the_gravest_first():
    told = verdict_of("m", [judgement("light", False), judgement("grave", False), judgement("grave2", True)])
    assert told.sentence == "Fails grave and light: grave says so. It passes grave2."
    told = verdict_of("m", [judgement(name, True) for name in ("grave", "light", "grave2")])
    assert told.sentence == "Passes all 3 checks that judge: grave, light and grave2."


def test_one_decisive_check_is_not_enough():
    told = verdict_of("m", [judgement("grave", True), judgement("light", True)])
    others = "sanity, labels, faithfulness or grave2"
    assert told.sentence == f"Passes grave and light; to believe it, ask {others} too."


def test_what_a_decisive_check_cannot_say_is_told():
    told = verdict_of("m", [judgement("grave", True), judgement("grave2", None), judgement("light", None)])
    assert told.sentence == "Passes grave; grave2 cannot say: grave2 says so."
    told = verdict_of("m", [judgement("grave", None), judgement("light", None)])
    assert told.sentence == "Undecided by grave: grave says so."
    told = verdict_of("m", [judgement("light", None)])
    assert told.sentence == "No check that was asked for judges it."


def test_what_a_check_has_reserves_about_is_told(monkeypatch):
    monkeypatch.setitem(CHECKS, "light", replace(CHECKS["agreement"], reserves=True))
    passed = [judgement("grave", True), judgement("grave2", True)]
    told = verdict_of("m", [*passed, judgement("light", None)])
    assert told == ("m", BELIEVE, "Passes all 2 checks that judge: grave and grave2. light says so.")


def test_words():
    assert [word_of(judgement("grave", passes)) for passes in (True, False, None)] == [
        "passes",
        "fails",
        "undecided",
    ]
    assert word_of(judgement("light", None)) == "told"
    assert [listed(list(text)) for text in ("", "a", "ab", "abc")] == ["", "a", "a and b", "a, b and c"]
