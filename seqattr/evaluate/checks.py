"""CHECKS, the table of what is asked: a new check is one file that measures, judges and draws, and one entry
here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypedDict

from seqattr.evaluate import agreement, continuity, faithfulness, labels, pattern_quality, principles, sanity
from seqattr.evaluate.judgement import Judgement, Summaries
from seqattr.evaluate.measured import Measured
from seqattr.evaluate.question import Question
from seqattr.figures.drawings import Drawing
from seqattr.support.progress import Progress

Measure = Callable[[Question, str, Progress], list[Measured]]
Judge = Callable[[str, Summaries], Judgement]
Draw = Callable[[Summaries], list[Drawing]]
Columns = Callable[[], dict[str, list[Any]]]


@dataclass(frozen=True, kw_only=True)
class Check:
    """What a check asks, in one sentence, and its paper; and its functions.

    `measure(question, method, progress)` measures one method, `controls` among them; `judge(method,
    summaries)` says what that means, given all methods' numbers; `draw(summaries)` gives the figures.
    `metrics` says what each metric is, in one sentence, `limits` what passes. `missing(question)` is why the
    check cannot be done, "" where it can. A method that fails a `decisive` check is not to be believed; one
    that fails another is to be read with care. What a check of `reserves` says without judging belongs to a
    method's verdict.
    """

    asks: str
    source: str
    metrics: dict[str, str]
    limits: str
    measure: Measure
    judge: Judge
    draw: Draw
    controls: Sequence[str] = ()
    missing: Callable[[Question], str] = lambda question: ""
    tables: Mapping[str, tuple[str, Columns]] = field(default_factory=dict)
    decisive: bool = True
    reserves: bool = False


class CheckFile(Protocol):
    """What the file of a check has, by these names."""

    METRICS: dict[str, str]
    LIMITS: str

    def measure(self, question: Question, method: str, progress: Progress, /) -> list[Measured]: ...

    def judge(self, method: str, summaries: Summaries, /) -> Judgement: ...

    def draw(self, summaries: Summaries, /) -> list[Drawing]: ...


class Functions(TypedDict):
    """The parameters of `Check` that its file gives."""

    metrics: dict[str, str]
    limits: str
    measure: Measure
    judge: Judge
    draw: Draw


def of_file(file: CheckFile) -> Functions:
    """What the file of a check says and does."""
    return {
        "metrics": file.METRICS,
        "limits": file.LIMITS,
        "measure": file.measure,
        "judge": file.judge,
        "draw": file.draw,
    }


FEWEST = 10  # sequences of which an interval is one: of six, random numbers come as far one time in fifty


CHECKS: dict[str, Check] = {
    "sanity": Check(
        **of_file(sanity),
        asks="Do the scores change when the model forgets what it has learned?",
        source="Adebayo et al. 2018, section 4; Wang et al. 2004, section III.B",
        controls=("gc-content", "dinucleotides", "sequence"),
    ),
    "labels": Check(
        **of_file(labels),
        asks="Do the scores differ from those for a model that learned permuted labels by heart?",
        source="Adebayo et al. 2018, section 5",
        controls=("gc-content", "dinucleotides", "sequence"),
        missing=labels.missing,
    ),
    "faithfulness": Check(
        **of_file(faithfulness),
        asks="Do the bases that a method calls important matter to the model?",
        source="Samek et al. 2017; Ancona et al. 2018; Yeh et al. 2019; Shrikumar et al. 2017, section 4.1",
        controls=("random",),
    ),
    "continuity": Check(
        **of_file(continuity),
        decisive=False,
        reserves=True,
        asks="Does it say the same of the same bases when nothing that matters has changed?",
        source="Alvarez-Melis & Jaakkola 2018",
        controls=("random", "gc-content"),
    ),
    "principles": Check(
        **of_file(principles),
        decisive=False,
        reserves=True,
        asks="Is what the model does shared out among those bases that do it?",
        source="Deng et al. 2023",
        controls=("random", "gc-content"),
        tables=principles.TABLES,
    ),
    "agreement": Check(
        **of_file(agreement),
        decisive=False,
        asks="Do methods name the same bases?",
        source="Spearman 1904",
        controls=("random",),
    ),
    "patterns": Check(
        **of_file(pattern_quality),
        decisive=False,
        asks="Do learned patterns catch all that the model's units answer to?",
        source="Kindermans et al. 2018, section 4",
        missing=pattern_quality.missing,
    ),
}


def judged(check: str, method: str, summaries: Summaries) -> Judgement:
    """What a check says of a method; of fewer than FEWEST sequences, that they are too few to judge by."""
    judgement = CHECKS[check].judge(method, summaries)
    count = max((row.sequences for row in summaries.select(method=method)), default=0)
    if judgement.passes is None or count >= FEWEST:
        return judgement
    few = f"{count} sequence{'s are' if count != 1 else ' is'} too few to judge by; ask {FEWEST} or more."
    return judgement._replace(passes=None, sentence=few)
