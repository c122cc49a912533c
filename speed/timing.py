"""One case by all tools in turn, A B C D A B C D, and what came out as rows of the table."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles

import torch

from speed.cases import Case, Problem
from speed.clock import calls_for, forward, repeat, seconds, use_threads
from speed.models import NETWORKS
from speed.tools import Answer, Run, Tool, tools_for
from speed.truth import RIGHT, errors

NOT_ASKED = ("own rescale", "bare torch")  # these answer another question
# Pairs of a sequence and a reference at once, from which the quickest is taken for each peer.
BATCHES = {"cpu": (4, 8, 16, 32, 64), "cuda": (32, 256, 2048, 16384)}


@dataclass(frozen=True)
class Settings:
    """How long and on what: rounds end early once a case has taken `patience` seconds. How many sequences and
    which batch sizes for peers, where not the usual ones.
    """

    rounds: int = 5
    patience: float = 60.0
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    sequences: int | None = None
    batches: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Row:
    """One tool on one case. `seconds` is the median of a call; ratio is that time over seqattr's own, round
    by round, as median and quartiles; None where the tool has no right answer."""

    case: str
    threads: int
    tool: str
    verdict: str
    batch: int | None = None
    seconds: float | None = None
    units: float | None = None
    ratio: float | None = None
    quartiles: tuple[float, float] | None = None
    median_error: float | None = None
    worst_error: float | None = None
    additivity: float | None = None
    rounds: int = 0


@dataclass
class Entrant:
    """A tool ready to run: its best batch, what it answered, and its time in each round."""

    name: str
    run: Run
    batch: int | None
    once: float
    answer: Answer
    times: list[float] = field(default_factory=list)


def measure(
    case: Case, threads: int, settings: Settings, tools: Mapping[str, Tool] | None = None
) -> list[Row]:
    """A row for each tool: for each that is installed and has the case's method, if none are given."""
    use_threads(threads)
    problem = Problem(case, settings.device, settings.sequences)
    entrants: list[Entrant] = []
    rows: list[Row] = []
    for name, tool in (tools or tools_for(case.method)).items():
        entrant = prepare(name, tool, problem, threads, settings)
        (entrants if isinstance(entrant, Entrant) else rows).append(entrant)  # type: ignore[arg-type]
    judged = [(entrant, verdict(entrant, problem)) for entrant in entrants]
    right = [entrant for entrant, said in judged if said == "ok"]
    units = race(right, problem, settings) if right else []
    return [row(entrant, said, problem, threads, units, entrants[0]) for entrant, said in judged] + rows


def prepare(name: str, tool: Tool, problem: Problem, threads: int, settings: Settings) -> Entrant | Row:
    """The tool at its quickest batch, warm; or the row that says how it fails."""
    try:
        if not tool.batches:
            return entrant(name, tool, problem, None)
        return quickest(name, tool, problem, settings)
    except Exception as error:  # whatever a peer raises is its answer
        if name == "seqattr":
            raise
        first = (str(error).splitlines() or [""])[0][:60]
        return Row(problem.case.name, threads, name, f"fails ({type(error).__name__}: {first})")


def quickest(name: str, tool: Tool, problem: Problem, settings: Settings) -> Entrant:
    """The best of some batch sizes, each tried cold and, where there is patience, again warm."""
    tried: list[Entrant] = []
    start = time.perf_counter()
    for batch in batches(problem, settings):
        try:
            tried.append(entrant(name, tool, problem, batch))
        except torch.OutOfMemoryError:
            break
        if time.perf_counter() - start > settings.patience / 4:
            break
    for candidate in tried:
        if time.perf_counter() - start < settings.patience / 2:
            candidate.once = min(candidate.once, seconds(candidate.run, problem.device)[0])
    if not tried:
        raise torch.OutOfMemoryError("no batch fits into memory")
    return min(tried, key=lambda candidate: candidate.once)


def batches(problem: Problem, settings: Settings) -> list[int]:
    """Batch sizes to try: not beyond all pairs, but all pairs where that is less than the next."""
    usual = BATCHES[problem.device.type]
    return sorted({min(batch, problem.pairs) for batch in settings.batches or usual})


def entrant(name: str, tool: Tool, problem: Problem, batch: int | None) -> Entrant:
    run = tool.build(problem, batch)
    once, answer = seconds(run, problem.device)
    return Entrant(name, run, batch, once, answer)


def verdict(entrant: Entrant, problem: Problem) -> str:
    """ok, or how wrong."""
    if entrant.name in NOT_ASKED:
        return "ok"
    error = errors(problem, entrant.answer).median
    return "ok" if error <= RIGHT else f"wrong (error {error:.0e})"


def race(entrants: Sequence[Entrant], problem: Problem, settings: Settings) -> list[float]:
    """Times of each in every round, in turn; the unit of each round."""
    length = NETWORKS[problem.case.model].length
    unit: Callable[[], float] = forward(problem.module, length, problem.device)
    units: list[float] = []
    start = time.perf_counter()
    while len(units) < settings.rounds and (not units or time.perf_counter() - start < settings.patience):
        for entrant in entrants:
            entrant.times.append(repeat(entrant.run, problem.device, calls_for(entrant.once)))
        units.append(unit())
    return units


def row(
    entrant: Entrant, said: str, problem: Problem, threads: int, units: Sequence[float], own: Entrant
) -> Row:
    """What the table says of a tool; a wrong one is not compared, but the time of its one call is kept."""
    error = None if entrant.name in NOT_ASKED else errors(problem, entrant.answer)
    ratios = [theirs / mine for theirs, mine in zip(entrant.times, own.times, strict=False)]
    times = entrant.times or [entrant.once] * len(units)
    in_units = [one / len(problem.sequences) / unit for one, unit in zip(times, units, strict=True)]
    return Row(
        *(problem.case.name, threads, entrant.name, said, entrant.batch),
        seconds=median(times) if times else entrant.once,
        units=median(in_units) if in_units else None,
        ratio=median(ratios) if ratios else None,
        quartiles=spread(ratios) if ratios else None,
        median_error=error.median if error else None,
        worst_error=error.worst if error else None,
        additivity=error.additivity if error else None,
        rounds=len(entrant.times),
    )


def spread(values: Sequence[float]) -> tuple[float, float]:
    """The lower and upper quartile."""
    if len(values) < 2:
        return values[0], values[0]
    low, _, high = quantiles(values, n=4, method="inclusive")
    return low, high
