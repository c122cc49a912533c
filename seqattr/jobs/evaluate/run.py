"""The job: a question, its units, and the files that tell what came out."""

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from seqattr.engine.walk.session import Session
from seqattr.evaluate.checks import CHECKS
from seqattr.io.atomic import check_writable, removed_if_unused
from seqattr.io.ownership import RUN, Output
from seqattr.io.run_folder import is_unfinished
from seqattr.io.text import read_json
from seqattr.jobs.evaluate.asking import Asked, ask
from seqattr.jobs.evaluate.measuring import Findings, measure, only_possible
from seqattr.jobs.evaluate.results import PAGE, own_figures, tables_of, write
from seqattr.jobs.evaluate.settings import Settings, checks_of
from seqattr.jobs.evaluate.units import MARK, UnitsFolder
from seqattr.jobs.evaluate.verdicts import Verdict, verdicts
from seqattr.jobs.provenance import provenance
from seqattr.jobs.sources import ModelFile, SequenceFile
from seqattr.support.advice import phrased
from seqattr.support.caller import LIBRARY, Caller
from seqattr.support.interruptions import resumable


class Summary(NamedTuple):
    """Which methods are to be believed, by which checks, and where that is told."""

    page: Path
    verdicts: list[Verdict]
    checks: list[str]
    sequences: int
    seconds: float


def run(
    check: str,
    model: ModelFile,
    sequences: SequenceFile,
    output: Output,
    settings: Settings,
    caller: Caller = LIBRARY,
) -> Summary:
    """Ask a check, or all, of methods; OUT gets tables, figures, evaluation.html and run.json.

    What is measured is kept in OUT/units until the end: the same call goes on with it, whatever ended the
    one before, and writes the same files. A check that cannot be done is an error by its own name, and left
    out of all. A method that fails is told, and the others go on.

    Raises UnknownName, InputError, OutputError, and as reading models and sequences does.
    """
    started = time.perf_counter()
    claim(output)
    with removed_if_unused(output.path):
        check_writable(output.path)
        asked = ask(model, sequences, settings, caller)
        checks, left_out = only_possible(checks_of(check), asked.question)
        identity = {**asked.identity, "choice of checks": checks}
        asked = replace(asked, identity=identity, notes=[*asked.notes, *left_out])
        caller.tell(asked.notes)
        before = done_before(output, asked)
        told = before or worked_out(asked, checks, output, settings, caller)
    seconds = time.perf_counter() - started
    return Summary(output.path / PAGE, told, checks, len(asked.names), seconds)


def claim(output: Output) -> None:
    """The files of all checks, whose mark is run.json, or, of a run that was stopped, the plan of its units:
    run.json is the last to take its name. Raises OutputError.
    """
    names = [*tables_of(list(CHECKS)), PAGE, RUN, MARK]
    output.claim_marked(names, own_figures(), MARK if (output.path / MARK).is_file() else RUN)


def done_before(output: Output, asked: Asked) -> list[Verdict]:
    """The verdicts of the same run where it is done; none where there are no results, or `force` is said.

    Raises OutputError where there are another run's.
    """
    facts = read_json(output.path / RUN)
    if output.force or not facts:
        return []
    output.claim_identity(facts.get("identity", ""), asked.identity)
    return [] if is_unfinished(facts) else [Verdict(**each) for each in facts["verdicts"]]


def worked_out(
    asked: Asked, checks: list[str], output: Output, settings: Settings, caller: Caller
) -> list[Verdict]:
    """Measured, judged and written."""
    units = UnitsFolder(output.path)
    with units.continue_as(asked.identity, output.force) as journal, resumable():
        findings = measure(asked, checks, journal, caller)
        told = verdicts(findings)
        write(output.path, findings, facts_of(asked, findings, told, settings))
    units.remove()
    return told


def facts_of(asked: Asked, findings: Findings, told: list[Verdict], settings: Settings) -> Mapping[str, Any]:
    """What run.json says of how to run it again, and what came out."""
    question = findings.asked.question
    session = Session(question.model, question.targets, question.device)
    permuted = None if settings.permuted is None else str(settings.permuted.path)
    own = {**vars(settings), "methods": list(question.methods), "permuted": permuted}
    return {
        **provenance(session, own, question.sequences.shape[2]),
        "model": asked.identity["model"],
        "sequences": len(asked.names),
        "checks": [one.check for one in findings.checks],
        "verdicts": [each._asdict() for each in told],
        "notes": [phrased(note) for note in asked.notes],
        "left out": {name: phrased(why) for name, why in findings.failures.items()},
        "identity": asked.identity,
    }
