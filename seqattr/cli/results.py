"""What `seqattr score` and `seqattr merge` say of the results that they wrote."""

from pathlib import Path
from typing import TYPE_CHECKING

from seqattr.cli.terminal import say, warn
from seqattr.support.rounding import number_of, rounded

if TYPE_CHECKING:
    from seqattr.jobs.score.credit import Credit
    from seqattr.jobs.score.done import Part
    from seqattr.jobs.score.summary import Summary


def report(done: "Summary | Part", out: Path) -> int:
    """What was written, and whether it can be believed; how many sequences have no values."""
    from seqattr.jobs.score.done import Part

    if isinstance(done, Part):
        report_part(done, out)
        return 0
    report_summary(done, out)
    return done.failed


def report_part(part: "Part", out: Path) -> None:
    """A shard that is whole."""
    again = "is done already; --force does it again" if part.done_before else "is done"
    size = f"{number_of(part.sequences, 'sequence')} in {number_of(part.blocks, 'block')}"
    say(
        f"shard {part.shard} {again}: {size}, kept in {out}/blocks; "
        "`seqattr merge` makes the results of all shards"
    )


def report_summary(summary: "Summary", out: Path) -> None:
    """The results of a whole run."""
    for note in summary.notes:
        warn(note)
    middle, worst = (max(e[q] for e in summary.additivity_error.values()) for q in ("q0.5", "q1"))
    say(f"explained {summary.explained}: {', '.join(summary.targets)}")
    errors = f"{rounded(middle)} in the median, {rounded(worst)} at most"
    cancelled = max(each["q0.5"] for each in summary.cancellation.values())
    say(
        f"additivity error {errors}; cancellation {rounded(cancelled, 2)} in the median, "
        f"{rounded(summary.verdict.worst_cancellation, 2)} at most, "
        f"over {number_of(summary.sequences, 'sequence')}"
    )
    judge(summary)
    if summary.credit is not None:
        say_credit(summary.credit, out)
    files = f"{out}/<target>.bw and .h5, regions.bed and run.json"
    if summary.done_before:
        say(f"done already: {files}; --force does it again")
    else:
        say(f"wrote {files} in {summary.seconds['total']:.1f} s")


def say_credit(credit: "Credit", out: Path) -> None:
    """What the check of the results came to."""
    of = f"{credit.sequences} of {credit.all:,} sequences"
    left = f"; {'; '.join(credit.notes)}" if credit.notes else ""
    say(f"check of {of}: {credit.line()} ({out}/check.json{left})")


def judge(summary: "Summary") -> None:
    """What speaks against the contributions."""
    from seqattr.evaluate.additivity import cure

    if not summary.complete:
        say("(this method does not promise that contributions sum to the difference)")
    elif summary.verdict.missing:
        warn(f"{summary.verdict.misses()}; {cure(summary.dtype)}")
    if summary.verdict.cancelling:
        warn(f"{summary.verdict.cancellations()}; such contributions say nothing of the bases")
