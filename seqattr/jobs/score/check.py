"""Whether a run's results are to be believed, asked of a few of its sequences when they are whole.

Whether contributions add up is known of all sequences; the checks of ASKED (`seqattr.evaluate.checks`) are
made with SEQUENCES of the run, which its seed chooses, with the references that they were scored against. Of
several models they ask the first, and on one strand.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from seqattr.dna.alphabet import one_hot
from seqattr.errors import SeqattrError
from seqattr.evaluate.checks import CHECKS, judged
from seqattr.evaluate.judgement import Judgement, Summaries
from seqattr.evaluate.measured import Summary as Row
from seqattr.evaluate.measured import summarise
from seqattr.evaluate.question import Question
from seqattr.io.scores_folder import CHECK
from seqattr.io.text import read_json
from seqattr.jobs.score.credit import Credit, about_run, completeness
from seqattr.jobs.score.summary import Summary
from seqattr.jobs.score.task import Scoring
from seqattr.refs.pairs import origins
from seqattr.support.caller import Caller
from seqattr.support.progress import silent

ASKED = ("sanity", "faithfulness")
SEQUENCES, SEEDS = 20, 3
TARGETS = 4  # at most, the first of the run
CONTROL = "random"  # whose curve stands beside the method's
EXPLANATIONS = 500  # about so many of a sequence's are made: of 4 layers randomised with 3 seeds
LONG = 60.0  # seconds, beyond which the user is told first


def check(scoring: Scoring, summary: Summary, out: Path, caller: Caller) -> Credit:
    """Ask, and write check.json; where it is there of this run already, it is only read.

    Raises OutputError where it cannot be written.
    """
    about = about_run(read_json(out / "run.json"))
    before = Credit.read(out / CHECK, about)
    if before is not None:
        return before
    credit = asked(scoring, summary, about, caller)
    credit.write(out / CHECK)
    return credit


def asked(scoring: Scoring, summary: Summary, about: dict[str, Any], caller: Caller) -> Credit:
    """All judgements of the run's method."""
    method, notes = scoring.setup.settings.method, notes_of(scoring)
    judgements = [completeness(method, summary.complete, summary.dtype, summary.verdict)]
    curve, number = list[Row](), 0
    rows = rows_of(scoring)
    if len(rows):
        question = question_of(scoring, rows)
        number = len(rows)
        tell_of_long(question, method, caller)
        for name in ASKED:
            judgement, summaries = ask(question, name, method)
            judgements.append(judgement)
            curve += deletion(summaries)
    return Credit(method, number, summary.sequences, judgements, curve, about, notes)


def ask(question: Question, name: str, method: str) -> tuple[Judgement, Summaries]:
    """One of the CHECKS, of the method and the control of it."""
    check = CHECKS[name]
    try:
        controls = [CONTROL] if CONTROL in check.controls else []
        rows = [
            row for one in (method, *controls) for row in summarise(one, check.measure(question, one, silent))
        ]
        summaries = Summaries(rows)
        return judged(name, method, summaries), summaries
    except SeqattrError as error:
        return Judgement(method, name, None, f"It could not be asked: {error}.", ""), Summaries([])


def deletion(summaries: Summaries) -> Iterator[Row]:
    """The deletion curves of the first target."""
    rows = summaries.select(metric="deletion")
    yield from (row for row in rows if row.target == rows[0].target)


# --- what is asked of ----------------------------------------------------------------------------


def rows_of(scoring: Scoring) -> npt.NDArray[np.intp]:
    """At most SEQUENCES windows of the commonest length, drawn by the seed, that have finite outputs."""
    windows, seed = scoring.windows, scoring.setup.settings.seed
    lengths, counts = np.unique(windows.lengths, return_counts=True)
    alike = np.flatnonzero(windows.lengths == lengths[counts.argmax()])
    drawn = np.random.default_rng(seed).permutation(alike)[: 2 * SEQUENCES]
    question = question_of(scoring, drawn)
    finite = question.predict(question.sequences).isfinite().all(1).cpu().numpy()
    return np.sort(drawn[finite][:SEQUENCES])


def question_of(scoring: Scoring, rows: npt.NDArray[np.intp]) -> Question:
    """Of these windows, with the references that they were scored against."""
    setup, windows = scoring.setup, scoring.windows
    settings = setup.settings
    sequences, origin = one_hot(windows.codes(rows)), origins(rows, windows.codes, settings.pairs)
    names = [windows.names[row] for row in origin.rows.tolist()]
    references = scoring.reference.draw(one_hot(origin.codes), settings.seed, names)
    method = setup.method
    return Question(
        setup.models[0],
        torch.from_numpy(sequences),
        torch.from_numpy(np.ascontiguousarray(references)),
        (settings.method,),
        targets_of(scoring),
        settings.seed,
        SEEDS,
        setup.session.device.type if setup.device == "cuda:all" else setup.device,
        settings.batch_size,
        method.patterns,
    )


def targets_of(scoring: Scoring) -> list[int | str]:
    """Those of the run, the first of many."""
    return list(scoring.setup.texts[:TARGETS])


def notes_of(scoring: Scoring) -> list[str]:
    """What of the run was not asked about."""
    setup, notes = scoring.setup, list[str]()
    if len(setup.models) > 1:
        notes.append(f"of {len(setup.models)} models the first was asked")
    if len(setup.targets) > TARGETS:
        notes.append(f"of {len(setup.targets)} targets the first {TARGETS}")
    if setup.settings.both_strands:
        notes.append("sequences were asked about on one strand")
    return notes


def tell_of_long(question: Question, method: str, caller: Caller) -> None:
    """What is likely to take more than a minute is told before, from the time of the first sequence."""
    first = question.sequences[:1], question.references[:1] if question.references is not None else None
    question.explain(method, question.model, *first)  # what is made once is made
    start = time.perf_counter()
    question.explain(method, question.model, *first)
    seconds = (time.perf_counter() - start) * EXPLANATIONS
    if seconds > LONG:
        minutes = f"{seconds / 60:.0f}"
        caller.warn(f"`check` by {method} may take some {minutes} minutes here; the results are written")
