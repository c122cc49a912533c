"""What the paper says of the TAL-GATA simulation, and whether it holds for what was measured."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from seqattr.figures.numbers import fine_percent
from seqattr.tal_gata.summary import Interval, Summary

FREQUENCIES = "freq"
SHUFFLES = "shuffle:10"
DEFAULT, RESCALE = "deeplift", "deeplift-rescale"
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


Judge = Callable[[Summary], Verdict]


class Claim(NamedTuple):
    """A claim, where it stands in the paper, and how it is judged."""

    text: str
    source: str
    judge: Judge


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


def means_of(
    summary: Summary, measure: str, *methods: str, references: str = FREQUENCIES
) -> list[float] | None:
    """The means of some methods, both motifs pooled; None unless all were measured."""
    intervals: list[Interval | None] = [summary.get(measure, name, references) for name in methods]
    means = [interval.mean for interval in intervals if interval is not None]
    return means if means and len(means) == len(methods) else None


def by_means(measure: str, *methods: str) -> Callable[[Callable[..., Verdict]], Judge]:
    """What judges the means of some methods against frequencies becomes a judge of a summary."""

    def judge_of(verdict_on: Callable[..., Verdict]) -> Judge:
        def judge(summary: Summary) -> Verdict:
            means = means_of(summary, measure, *methods)
            return NOT_MEASURED if means is None else verdict_on(*means)

        return judge

    return judge_of


@by_means(MISSED, DEFAULT)
def few_missed(missed: float) -> Verdict:
    """The default: at most MOST_MISSED."""
    text = f"{fine_percent(missed)} of the strong matches have importance ≤ 0"
    return Verdict(text, missed <= MOST_MISSED)


@by_means(MISSED, DEFAULT, RESCALE)
def rescale_misses(default: float, rescale: float) -> Verdict:
    """Rescale: at least TIMES_MISSED times as many as the default."""
    times = f", {rescale / default:.0f} times as many" if default else ""
    text = f"Rescale {fine_percent(rescale)}, the genomics default {fine_percent(default)}{times}"
    return Verdict(text, rescale > default and rescale >= TIMES_MISSED * default)


@by_means(MISSED, RESCALE, "gradient")
def gradient_misses(rescale: float, gradient: float) -> Verdict:
    """Gradient * input: more than Rescale."""
    text = f"gradient * input {fine_percent(gradient)}, Rescale {fine_percent(rescale)}"
    return Verdict(text, gradient > rescale)


def steps_do_not_help(summary: Summary) -> Verdict:
    """Judged by integrated gradients of every number of steps that was run."""
    steps = steps_of(summary, FREQUENCIES)
    methods = sorted(steps, key=steps.__getitem__)
    shares, default = means_of(summary, MISSED, *methods), means_of(summary, MISSED, DEFAULT)
    if shares is None or default is None:
        return NOT_MEASURED
    if len(shares) < 2:
        return Verdict("one number of steps alone says nothing of more", None)
    rows = zip(methods, shares, strict=True)
    text = ", ".join(f"{fine_percent(share)} with {steps[name]} steps" for name, share in rows)
    worse = all(share > default[0] and share >= TIMES_MISSED * default[0] for share in shares)
    return Verdict(f"{text}; the genomics default {fine_percent(default[0])}", worse)


def steps_of(summary: Summary, references: str) -> dict[str, int]:
    """The methods that are integrated gradients, with their numbers of steps."""
    names = filter(is_stepwise, summary.methods(references))
    return {name: int(name.removeprefix(STEPS)) for name in names}


def is_stepwise(name: str) -> bool:
    """Whether these are integrated gradients with a number of steps, and no other kind of them."""
    return name.startswith(STEPS) and name.removeprefix(STEPS).isdecimal()


@by_means(OFF_TASK, DEFAULT)
def little_off_task(off_task: float) -> Verdict:
    """The default: at most MOST_OFF_TASK."""
    return Verdict(f"{fine_percent(off_task)} of the strong matches", off_task <= MOST_OFF_TASK)


@by_means(OFF_TASK, "guided-backprop")
def guided_off_task(off_task: float) -> Verdict:
    """Guided backprop: at least LEAST_OFF_TASK."""
    return Verdict(f"{fine_percent(off_task)} of the strong matches", off_task >= LEAST_OFF_TASK)


@by_means("average_precision", DEFAULT, "deeplift-revealcancel")
def less_noise(default: float, revealcancel: float) -> Verdict:
    """The default: a higher average precision than RevealCancel everywhere."""
    everywhere = f"RevealCancel everywhere {revealcancel:.3f}"
    text = f"average precision {default:.3f} against planted positions, {everywhere}"
    return Verdict(text, default > revealcancel)


def shuffles_keep_it(summary: Summary) -> Verdict:
    """Judged by what survives: against shuffles Rescale and others miss next to nothing either."""
    missed = means_of(summary, MISSED, DEFAULT, RESCALE, references=SHUFFLES)
    off_task = means_of(summary, OFF_TASK, DEFAULT, RESCALE, references=SHUFFLES)
    if missed is None or off_task is None:
        return NOT_MEASURED
    steps = missed_by_steps(summary)
    text = (
        f"{fine_percent(missed[0])} have importance ≤ 0, Rescale {fine_percent(missed[1])}{steps}; "
        f"{fine_percent(off_task[0])} are credited in the other task, Rescale {fine_percent(off_task[1])}"
    )
    few = missed[0] <= MOST_MISSED and off_task[0] <= MOST_OFF_TASK
    return Verdict(text, few and off_task[0] < off_task[1])


def missed_by_steps(summary: Summary) -> str:
    """What the most steps of integrated gradients miss against shuffles, where that was measured."""
    steps = steps_of(summary, SHUFFLES)
    if not steps:
        return ""
    most = max(steps, key=steps.__getitem__)
    shares = means_of(summary, MISSED, most, references=SHUFFLES)
    return f", integrated gradients of {steps[most]} steps {fine_percent(shares[0])}" if shares else ""


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
