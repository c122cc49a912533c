"""What the paper says of the TAL-GATA simulation, and whether it holds for what was measured."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from seqattr.tal_gata.summary import Interval, Summary

FREQUENCIES = "freq"
SHUFFLES = "shuffle:10"
DEFAULT = "deeplift"
STEPS = "integrated-gradients-"
MISSED, OFF_TASK = "not_positive", "off_task"
# What the limits are: the project's own, as the paper shows figures and gives few numbers.
MOST_MISSED = 0.01
TIMES_MISSED = 5
MOST_OFF_TASK = 0.03
LEAST_OFF_TASK = 0.60


class Verdict(NamedTuple):
    """What was measured, in words, and whether the claim holds; None where too little was run to say."""

    measured: str
    holds: bool | None


class Claim(NamedTuple):
    """A claim, where it stands in the paper, and how it is judged."""

    text: str
    source: str
    judge: Callable[[Summary], Verdict]


class Judged(NamedTuple):
    """A claim with its verdict on all nets together, and how many nets it holds for by themselves."""

    claim: Claim
    verdict: Verdict
    held: int
    nets: int

    @property
    def word(self) -> str:
        return WORDS[self.verdict.holds]


WORDS = {True: "replicates", False: "does not replicate", None: "not measured"}
NOT_MEASURED = Verdict("not among the methods and references that were run", None)


def percent(share: float) -> str:
    return f"{100 * share:.2f} %" if share < 0.1 else f"{100 * share:.1f} %"


def of(summary: Summary, measure: str, *names: str, references: str = FREQUENCIES) -> list[float] | None:
    """The means of some methods, both motifs pooled; None unless all were measured."""
    found: list[Interval | None] = [summary.get(measure, name, references) for name in names]
    means = [each.mean for each in found if each is not None]
    return means if means and len(means) == len(names) else None


def few_missed(summary: Summary) -> Verdict:
    found = of(summary, MISSED, DEFAULT)
    if found is None:
        return NOT_MEASURED
    return Verdict(f"{percent(found[0])} of the strong matches have importance ≤ 0", found[0] <= MOST_MISSED)


def rescale_misses(summary: Summary) -> Verdict:
    found = of(summary, MISSED, DEFAULT, "deeplift-rescale")
    if found is None:
        return NOT_MEASURED
    own, rescale = found
    times = f", {rescale / own:.0f} times as many" if own else ""
    text = f"Rescale {percent(rescale)}, the genomics default {percent(own)}{times}"
    return Verdict(text, rescale > own and rescale >= TIMES_MISSED * own)


def gradient_misses(summary: Summary) -> Verdict:
    found = of(summary, MISSED, "deeplift-rescale", "gradient")
    if found is None:
        return NOT_MEASURED
    return Verdict(f"gradient * input {percent(found[1])}, Rescale {percent(found[0])}", found[1] > found[0])


def steps_do_not_help(summary: Summary) -> Verdict:
    number = steps_of(summary, FREQUENCIES)
    names = sorted(number, key=number.__getitem__)
    found, own = of(summary, MISSED, *names), of(summary, MISSED, DEFAULT)
    if found is None or own is None:
        return NOT_MEASURED
    if len(found) < 2:
        return Verdict("one number of steps alone says nothing of more", None)
    steps = ", ".join(
        f"{percent(share)} with {number[name]} steps" for name, share in zip(names, found, strict=True)
    )
    worse = all(share > own[0] and share >= TIMES_MISSED * own[0] for share in found)
    return Verdict(f"{steps}; the genomics default {percent(own[0])}", worse)


def steps_of(summary: Summary, references: str) -> dict[str, int]:
    """The methods that are integrated gradients, with their numbers of steps."""
    every = filter(is_stepwise, summary.methods(references))
    return {name: int(name.removeprefix(STEPS)) for name in every}


def is_stepwise(name: str) -> bool:
    """Whether these are integrated gradients with a number of steps, and no other kind of them."""
    return name.startswith(STEPS) and name.removeprefix(STEPS).isdecimal()


def little_off_task(summary: Summary) -> Verdict:
    found = of(summary, OFF_TASK, DEFAULT)
    if found is None:
        return NOT_MEASURED
    return Verdict(f"{percent(found[0])} of the strong matches", found[0] <= MOST_OFF_TASK)


def guided_off_task(summary: Summary) -> Verdict:
    found = of(summary, OFF_TASK, "guided-backprop")
    if found is None:
        return NOT_MEASURED
    return Verdict(f"{percent(found[0])} of the strong matches", found[0] >= LEAST_OFF_TASK)


def less_noise(summary: Summary) -> Verdict:
    found = of(summary, "average_precision", DEFAULT, "deeplift-revealcancel")
    if found is None:
        return NOT_MEASURED
    text = (
        f"average precision {found[0]:.3f} against planted positions, RevealCancel everywhere {found[1]:.3f}"
    )
    return Verdict(text, found[0] > found[1])


def shuffles_keep_it(summary: Summary) -> Verdict:
    """Judged by what survives: against shuffles Rescale and others miss next to nothing either."""
    names = (DEFAULT, "deeplift-rescale")
    missed = of(summary, MISSED, *names, references=SHUFFLES)
    off_task = of(summary, OFF_TASK, *names, references=SHUFFLES)
    if missed is None or off_task is None:
        return NOT_MEASURED
    text = (
        f"{percent(missed[0])} have importance ≤ 0, Rescale {percent(missed[1])}{missed_by_steps(summary)}; "
        f"{percent(off_task[0])} are credited in the other task, Rescale {percent(off_task[1])}"
    )
    few = missed[0] <= MOST_MISSED and off_task[0] <= MOST_OFF_TASK
    return Verdict(text, few and off_task[0] < off_task[1])


def missed_by_steps(summary: Summary) -> str:
    """What the most steps of integrated gradients miss against shuffles, where that was measured."""
    number = steps_of(summary, SHUFFLES)
    if not number:
        return ""
    most = max(number, key=number.__getitem__)
    found = of(summary, MISSED, most, references=SHUFFLES)
    return f", integrated gradients of {number[most]} steps {percent(found[0])}" if found else ""


CLAIMS: tuple[Claim, ...] = (
    Claim(
        "DeepLIFT's genomics default sees nearly every motif that matters for the task “both”: at most 1 % "
        "of the strong matches have no positive importance.",
        "section 4.2, figure 5b",
        few_missed,
    ),
    Claim(
        "The Rescale rule alone misses motifs, at least five times as many as the genomics default.",
        "section 4.2, figure 5b",
        rescale_misses,
    ),
    Claim("Gradient * input misses more than Rescale.", "section 4.2, figure 5b", gradient_misses),
    Claim(
        "Integrated gradients miss at least five times as many motifs as the genomics default, and more "
        "steps do not mend it.",
        "section 4.2, figure 5b",
        steps_do_not_help,
    ),
    Claim(
        "The genomics default credits a motif in its own task and not in the other motif's: at most 3 % of "
        "the strong matches are credited there.",
        "section 4.2, figure 5a",
        little_off_task,
    ),
    Claim(
        "Guided backprop * input credits motifs in the task that they have no part in: at least 60 % of the "
        "strong matches.",
        "section 4.2, figure 5a",
        guided_off_task,
    ),
    Claim(
        "Rescale on convolutions and RevealCancel on dense layers is less noisy than RevealCancel "
        "everywhere.",
        "section 4.2, figure 5a",
        less_noise,
    ),
    Claim(
        "It does not hang on the reference: with 10 dinucleotide shuffles the genomics default still misses "
        "at most 1 % and credits at most 3 % in the other motif's task, fewer than Rescale does.",
        "appendix J",
        shuffles_keep_it,
    ),
)


def judge_all(together: Summary, nets: Sequence[Summary]) -> list[Judged]:
    """All claims, by the means over the nets and by each net alone."""
    return [
        Judged(claim, claim.judge(together), sum(claim.judge(net).holds is True for net in nets), len(nets))
        for claim in CLAIMS
    ]
