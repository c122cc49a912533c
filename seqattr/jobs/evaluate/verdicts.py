"""What all judgements of a method say together."""

from collections.abc import Sequence
from typing import NamedTuple

from seqattr.evaluate.checks import CHECKS
from seqattr.evaluate.judgement import Judgement
from seqattr.jobs.evaluate.measuring import Examined, Findings

PASSES, FAILS, UNDECIDED, TOLD, MISSING = "passes", "fails", "undecided", "told", "not done"
BELIEVE, CAREFUL, DOUBT, OPEN = "to be believed", "with care", "not to be believed", "not judged"

ENOUGH = 2  # decisive checks


class Verdict(NamedTuple):
    """Of one method: a word, and a sentence why."""

    method: str
    word: str
    sentence: str


def word_of(judgement: Judgement) -> str:
    """Whether it passes, in a word."""
    if judgement.passes is None:
        return UNDECIDED if CHECKS[judgement.check].decisive else TOLD
    return PASSES if judgement.passes else FAILS


def cell(examined: Examined, method: str) -> str:
    """What a check says of a method, in a word."""
    own = [judgement for judgement in examined.judgements if judgement.method == method]
    return word_of(own[0]) if own else MISSING


def verdicts(findings: Findings) -> list[Verdict]:
    """Of each method that was asked of, those that could not explain at all last."""
    every = [judgement for examined in findings.checks for judgement in examined.judgements]
    known = [
        verdict_of(method, [judgement for judgement in every if judgement.method == method])
        for method in findings.asked.question.methods
    ]
    return known + [Verdict(method, OPEN, reason) for method, reason in findings.failures.items()]


def verdict_of(method: str, judgements: Sequence[Judgement]) -> Verdict:
    """Failing what is decisive weighs more than anything else that passes; to be believed a method has to
    pass all that is, and that of at least ENOUGH checks: one alone tells one kind of error.
    """
    failed = [each for each in judgements if each.passes is False]
    failed.sort(key=lambda each: not CHECKS[each.check].decisive)
    passed = [each.check for each in judgements if each.passes]
    if failed:
        grave = CHECKS[failed[0].check].decisive
        sentence = f"Fails {listed([each.check for each in failed])}: {failed[0].sentence}"
        also = f" It passes {listed(passed)}." if passed else ""
        return Verdict(method, DOUBT if grave else CAREFUL, sentence + also)
    undecided = [each for each in judgements if word_of(each) == UNDECIDED]
    if undecided:
        return unsettled(method, passed, undecided)
    decisive = [name for name in passed if CHECKS[name].decisive]
    if passed and len(decisive) < ENOUGH:
        others = [name for name, check in CHECKS.items() if check.decisive and name not in decisive]
        sentence = f"Passes {listed(passed)}; to believe it, ask {listed(others, 'or')} too."
        return Verdict(method, CAREFUL, sentence)
    if passed:
        also = "".join(f" {each.sentence}" for each in judgements if is_reserve(each))
        sentence = f"Passes all {len(passed)} checks that judge: {listed(passed)}.{also}"
        return Verdict(method, BELIEVE, sentence)
    return Verdict(method, OPEN, "No check that was asked for judges it.")


def unsettled(method: str, passed: Sequence[str], undecided: Sequence[Judgement]) -> Verdict:
    """Where decisive checks cannot say, and none fails."""
    checks, why = listed([each.check for each in undecided]), undecided[0].sentence
    if passed:
        return Verdict(method, CAREFUL, f"Passes {listed(passed)}; {checks} cannot say: {why}")
    return Verdict(method, OPEN, f"Undecided by {checks}: {why}")


def is_reserve(judgement: Judgement) -> bool:
    """Whether it neither passes nor fails the method, but says how far it is to be believed."""
    return judgement.passes is None and CHECKS[judgement.check].reserves


def listed(words: Sequence[str], link: str = "and") -> str:
    """As "a, b and c"."""
    return f" {link} ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
