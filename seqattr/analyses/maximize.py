"""Activation maximisation: the sequences that a model's output is largest for.

Gradient ascent from random starts over relaxed sequences, whose columns are probabilities of the four
bases; at the end the most probable bases, and single substitutions as long as they help.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from seqattr.dna.frequencies import UNIFORM, background_of
from seqattr.engine.capture.model import Model, check_model
from seqattr.engine.graph.outputs import Target
from seqattr.engine.rules.gradient import GRADIENT
from seqattr.engine.walk.memory import pieces
from seqattr.engine.walk.plan import Plan
from seqattr.engine.walk.session import Session
from seqattr.errors import InputError, NotFinite
from seqattr.methods.attributors import Batch
from seqattr.methods.mutagenesis import effects, greedy, mean_effect
from seqattr.support.given import check_settings
from seqattr.support.progress import Counter, Progress, silent
from seqattr.support.seeds import check_seed

MOST_SEQUENCES = 1_000_000


@dataclass(frozen=True)
class Settings:
    """How to climb: `number` starts, each `steps` steps of Adam at the learning rate `rate`.

    `weight` is what a nat of log-likelihood under the `background` frequencies (A, C, G, T) is worth in
    units of the output; `polish` the most substitutions at the end; `length` that of the sequences, the
    model's own for None. Raises InputError for what cannot be.
    """

    number: int = 20
    steps: int = 300
    rate: float = 0.5
    weight: float = 0.01
    background: tuple[float, ...] = UNIFORM
    polish: int = 20
    length: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        background_of(self.background)
        for name, least in (("number", 1), ("steps", 1), ("polish", 0), ("seed", 0)):
            if getattr(self, name) < least:
                raise InputError(f"{name} must be at least {least}, not {getattr(self, name)}")
        check_seed(self.seed)
        if self.number > MOST_SEQUENCES:
            raise InputError(f"number must be at most {MOST_SEQUENCES:,}, not {self.number}")
        if not 0 < self.rate < float("inf"):
            raise InputError(f"the learning rate must be a number above 0, not {self.rate:g}")
        if not 0 <= self.weight < float("inf"):
            raise InputError(f"the weight of the log-likelihood must be 0 or more, not {self.weight:g}")


class Ascent(NamedTuple):
    """The way up, (S + 1, N) each: before the first of S steps, and after each of them."""

    objective: Tensor  # of the relaxed sequence
    relaxed: Tensor  # its output
    discretised: Tensor  # the output of its most probable bases


class Maximized(NamedTuple):
    """N sequences, the largest objective first; which start each comes from is `start`, (N,)."""

    start: Tensor
    sequences: Tensor  # (N, 4, L), one-hot
    relaxed: Tensor  # (N, 4, L), where the ascent ended: probabilities of the bases
    output: Tensor  # (N,), of the sequences
    log_likelihood: Tensor  # (N,), of the sequences under the background, in nats
    substitutions: Tensor  # (N,), how many the polish made
    importance: Tensor  # (N, L), the output less its mean over the three other bases there; 0 if not finite
    ascent: Ascent

    def __repr__(self) -> str:
        number, _, length = self.sequences.shape
        outputs = f"outputs {self.output.min():.4g} to {self.output.max():.4g}"
        return f"<Maximized: {number} sequences of {length} bases, {outputs}>"


def maximize(
    model: Model,
    target: int | str,
    settings: Settings = Settings(),
    device: str = "auto",
    progress: Progress = silent,
) -> Maximized:
    """Sequences that maximise output + weight * log-likelihood under a background of single bases.

    The output is that before a final sigmoid or softmax. The ascent is over logits z of a relaxed sequence
    p = softmax(z), from standard normal z, on output(p) + weight * sum of p log(background): Simonyan,
    Vedaldi & Zisserman 2014, section 2, with the likelihood in place of the norm of an image; for DNA
    Lanchantin et al. 2017. A start depends on the seed and its number alone. `progress(done, total)` is
    called after each step and each polished sequence.

    Raises InputError where the length does not fit, UnknownName for the target, NotFinite where the model
    answers with NaN or infinity.
    """
    check_model(model)
    check_settings(settings, Settings)
    length = model.example_length if settings.length is None else settings.length
    model.check_length(length)
    session = Session(model, [target], device)
    plan = session.plan(GRADIENT)
    odds = session.to_device(torch.from_numpy(np.log(background_of(settings.background))))
    hill = Hill(session, plan, settings.weight, odds[:, None])
    starts = session.to_device(random_starts(settings, length))
    rows = session.rows_at_once(plan, length)
    return session.run(lambda size: all_ascents(hill, starts, settings, size, progress), rows)


@dataclass(frozen=True)
class Hill:
    """What is climbed: the output of relaxed sequences, and their log-likelihood."""

    session: Session
    plan: Plan  # of the plain gradient
    weight: float
    log_background: Tensor  # (4, 1)

    @property
    def target(self) -> Target:
        return self.session.targets[0]

    def batch(self, points: Tensor) -> Batch:
        return Batch.of_points(self.session, self.plan, points)

    def outputs(self, points: Tensor) -> Tensor:
        """The target's values at points (N, 4, L), (N,)."""
        return self.batch(points).alone(points).sequence_outputs(self.target)[:, 0]

    def log_likelihood(self, points: Tensor) -> Tensor:
        """In nats, (N,); of a relaxed sequence the expectation."""
        return (points * self.log_background).sum((-2, -1))

    def climb(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """The target's values (N,), and the slopes (N, 4, L) of the objective."""
        batch = self.batch(points)
        walk = batch.alone(points)
        slopes = batch.back(walk, self.target).squeeze(1)
        return walk.sequence_outputs(self.target)[:, 0], slopes + self.weight * self.log_background

    def effects(self, sequence: Tensor) -> Tensor:
        """What each substitution in a sequence (4, L) does to the output, (4, L)."""
        return effects(self.batch(sequence[None]), sequence)[self.target]

    def gains(self, sequence: Tensor) -> Tensor:
        """What each substitution does to the objective, (4, L)."""
        likelier = self.log_background - (sequence * self.log_background).sum(0)
        return self.effects(sequence) + self.weight * likelier

    def importance(self, sequence: Tensor) -> Tensor:
        """The output less its mean over the three other bases at each position, (L,); 0 if not finite."""
        mean = (sequence * mean_effect(self.effects(sequence)[None])[0]).sum(0)
        return mean.nan_to_num(0.0, 0.0, 0.0)


def random_starts(settings: Settings, length: int) -> Tensor:
    """Standard normal logits (N, 4, L)."""
    drawn = [
        np.random.default_rng([settings.seed, index]).standard_normal((4, length))
        for index in range(settings.number)
    ]
    return torch.from_numpy(np.stack(drawn))


def all_ascents(hill: Hill, starts: Tensor, settings: Settings, size: int, progress: Progress) -> Maximized:
    """Every start, so many at once; then the polish, and the best first."""
    parts = pieces(len(starts), size)
    tell = Counter(len(parts) * settings.steps + len(starts), progress)
    climbed = [ascend(hill, starts[part], settings, tell) for part in parts]
    relaxed = torch.cat([logits for logits, _ in climbed]).softmax(1)
    ascent = Ascent(*(torch.cat(column, 1) for column in zip(*(path for _, path in climbed), strict=True)))
    done = [polish(hill, sequence, settings.polish, tell) for sequence in most_probable(relaxed)]
    return rank(hill, relaxed, done, ascent, parts)


def rank(
    hill: Hill, relaxed: Tensor, done: list[tuple[Tensor, int]], ascent: Ascent, parts: list[slice]
) -> Maximized:
    """The sequences measured, and everything in the order of their objectives."""
    sequences = torch.stack([sequence for sequence, _ in done])
    output = torch.cat([hill.outputs(sequences[part]) for part in parts])
    if not output.isfinite().all():
        raise NotFinite(f"the output {hill.target.name} is NaN or infinite for a maximised sequence")
    likelihood = hill.log_likelihood(sequences)
    order = (output + hill.weight * likelihood).argsort(descending=True, stable=True)
    columns = {
        "sequences": sequences,
        "relaxed": relaxed,
        "output": output,
        "log_likelihood": likelihood,
        "substitutions": torch.tensor([made for _, made in done]).to(order),
        "importance": torch.stack([hill.importance(sequence) for sequence in sequences]),
    }
    path = Ascent(*(values[:, order].cpu() for values in ascent))
    ordered = {name: column[order].cpu() for name, column in columns.items()}
    return Maximized(start=order.cpu(), ascent=path, **ordered)


def ascend(hill: Hill, starts: Tensor, settings: Settings, tell: Counter) -> tuple[Tensor, Ascent]:
    """The logits (N, 4, L) at the end, and the way there."""
    logits = starts.clone()
    adam = torch.optim.Adam([logits], lr=settings.rate, maximize=True)
    path = []
    for _ in range(settings.steps):
        points = logits.softmax(1)
        output, slopes = hill.climb(points)
        path.append(state(hill, points, output))
        logits.grad = points * (slopes - (points * slopes).sum(1, keepdim=True))
        adam.step()
        tell.add()
    points = logits.softmax(1)
    path.append(state(hill, points, hill.outputs(points)))
    return logits, Ascent(*map(torch.stack, zip(*path, strict=True)))


def state(hill: Hill, points: Tensor, output: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The objective, the output (N,), and that of the most probable bases."""
    bases = hill.outputs(most_probable(points))
    if not (output.isfinite().all() and bases.isfinite().all()):
        raise NotFinite(f"the output {hill.target.name} is NaN or infinite on the way up")
    return output + hill.weight * hill.log_likelihood(points), output, bases


def most_probable(points: Tensor) -> Tensor:
    """The most probable base of each column (N, 4, L), one-hot."""
    return torch.zeros_like(points).scatter_(1, points.argmax(1, keepdim=True), 1)


def polish(hill: Hill, sequence: Tensor, most: int, tell: Counter) -> tuple[Tensor, int]:
    """A sequence (4, L) after up to `most` substitutions, each the one that raises the objective most."""
    made = list(greedy(sequence, hill.gains, most))
    tell.add()
    return made[-1].sequence if made else sequence, len(made)


# --- tables ------------------------------------------------------------------------------------


def headers(result: Maximized) -> list[str]:
    """A FASTA header for each sequence: its name, then its scores as key=value."""
    rows = zip(result.output, result.log_likelihood, result.start, result.substitutions, strict=True)
    return [
        f"maximized_{rank} output={float(output):.6g} log_likelihood={float(likelihood):.6g} "
        f"start={int(start)} substitutions={int(made)}"
        for rank, (output, likelihood, start, made) in enumerate(rows, 1)
    ]


def path_table(result: Maximized) -> dict[str, Any]:
    """The columns of a table with a row for each step of each sequence's ascent, the best sequence first."""
    steps, number = result.ascent.objective.shape
    columns = {
        "sequence": [f"maximized_{rank}" for rank in range(1, number + 1) for _ in range(steps)],
        "start": result.start.repeat_interleave(steps).numpy(),
        "step": np.tile(np.arange(steps), number),
    }
    names = ("objective", "output_relaxed", "output_discretised")
    values = (value.T.flatten().double().numpy() for value in result.ascent)
    return {**columns, **dict(zip(names, values, strict=True))}
