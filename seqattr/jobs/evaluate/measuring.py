"""The units of a run, one after the other: measured, or taken as they are kept."""

import json
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from seqattr.errors import InputError, SeqattrError
from seqattr.evaluate.checks import CHECKS, judged
from seqattr.evaluate.judgement import Judgement, Summaries
from seqattr.evaluate.measured import summarise
from seqattr.evaluate.question import Question
from seqattr.inputs import naming
from seqattr.io.journal import JournalWriter
from seqattr.jobs.evaluate.asking import Asked, failing, without_failing
from seqattr.jobs.evaluate.units import Outcome, Unit, kept
from seqattr.support.caller import Caller
from seqattr.support.progress import Progress

PARTS = 100  # of a unit, in which its progress is told


class Examined(NamedTuple):
    """A check's numbers and what they say of each method and control; of a method that it could not be asked
    of, why not."""

    check: str
    summaries: Summaries
    judgements: list[Judgement]
    failures: dict[str, str]


class Findings(NamedTuple):
    """Of all checks, with the methods that could not explain these sequences at all, and why."""

    asked: Asked
    checks: list[Examined]
    failures: dict[str, str]


def possible(checks: Sequence[str], question: Question) -> dict[str, str]:
    """Of each check why it cannot be done, "" where it can."""
    return {name: CHECKS[name].missing(question) for name in checks}


def only_possible(checks: Sequence[str], question: Question) -> tuple[list[str], list[str]]:
    """The checks that can be done, and of each of the others a line that says why not.

    Raises InputError where none can.
    """
    reasons = possible(checks, question)
    able = [name for name, reason in reasons.items() if not reason]
    if not able:
        raise InputError("; ".join(f"{name}: {reason}" for name, reason in reasons.items()))
    return able, [f"{name} is left out: {reason}" for name, reason in reasons.items() if reason]


def units_of(checks: Sequence[str], methods: Sequence[str]) -> list[Unit]:
    """Check by check, its controls after the methods."""
    return [Unit(check, method) for check in checks for method in (*methods, *CHECKS[check].controls)]


def measure(asked: Asked, checks: Sequence[str], journal: JournalWriter, caller: Caller) -> Findings:
    """All units, of which the journal keeps those that are done; methods that fail are told and left out."""
    total = PARTS * (1 + len(units_of(checks, asked.question.methods)))
    caller.at("explaining")
    first = kept(journal, 0, lambda: Outcome([], json.dumps(failing(asked, part(caller, 0, total)))))
    failures: dict[str, str] = json.loads(first.failure)
    able = without_failing(asked, failures)
    outcomes = dict[Unit, Outcome]()
    for number, unit in enumerate(units_of(checks, asked.question.methods), 1):
        if unit.method not in failures:
            caller.at(f"{unit.check} of {unit.method}")
            measuring = partial(outcome, able, unit, part(caller, number, total))
            outcomes[unit] = kept(journal, number, measuring)
        caller.progress(PARTS * (number + 1), total)
    caller.tell(f"{name} is left out: {reason}" for name, reason in failures.items())
    return Findings(able, [examined(check, outcomes) for check in checks], failures)


def part(caller: Caller, number: int, total: int) -> Progress:
    """The progress of one unit as that of all."""
    return lambda done, of: caller.progress(PARTS * number + PARTS * done // max(of, 1), total)


def outcome(asked: Asked, unit: Unit, progress: Progress) -> Outcome:
    """What a check measures of a method, or why it cannot."""
    try:
        with naming(asked.names):
            return Outcome(CHECKS[unit.check].measure(asked.question, unit.method, progress))
    except SeqattrError as error:
        return Outcome([], str(error))


def examined(check: str, outcomes: dict[Unit, Outcome]) -> Examined:
    """The summaries of a check, and a judgement of each method that it was asked of."""
    own = {unit.method: one for unit, one in outcomes.items() if unit.check == check}
    failures = {method: one.failure for method, one in own.items() if one.failure}
    rows = [row for method, one in own.items() for row in summarise(method, one.measured)]
    summaries = Summaries(rows)
    judgements = [judged(check, method, summaries) for method in own if method not in failures]
    return Examined(check, summaries, judgements, failures)
