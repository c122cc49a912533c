"""Marginal effects: what a motif does to a model's outputs, whatever sequence it is put into.

The mean over backgrounds of target(with the motif) - target(without it): marginal footprinting of BPNet
(Avsec et al. 2021, "In silico motif interaction analysis", Methods), global importance analysis of Koo et al.
2021 (eq. 1). As a control the letters of the same words in other orders are put into the same backgrounds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from seqattr.analyses.insertions import (
    CONSENSUS,
    INSTANCES,
    STRANDS,
    Reader,
    backgrounds_at_once,
    check_room,
    checked_backgrounds,
    columns_of,
    models_of,
    motifs_of,
    notes_on_few,
    shuffled,
    start_of,
    words,
)
from seqattr.engine.capture.model import Model
from seqattr.engine.walk.session import Session, check_batch_size
from seqattr.errors import InputError, UnknownName
from seqattr.motifs.pwm import PWM
from seqattr.support.given import check_settings, each_once, is_whole
from seqattr.support.progress import Counter, Progress, silent
from seqattr.support.ranks import benjamini_hochberg
from seqattr.support.resampling import intervals, single_case_test
from seqattr.support.seeds import check_seed

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Insertions:
    """What is put where: each motif's `instances`, its "consensus" or one "sampled" for each background,
    around the `positions`, counted in bases from the background's start; None: in the middle.

    `twins` is in how many orders the letters of a motif are the control. Draws hang on the `seed` and the
    motif's name. Raises InputError for what cannot be.
    """

    positions: tuple[float, ...] | None = None
    instances: str = CONSENSUS
    twins: int = 10
    seed: int = 0
    device: str = "auto"
    batch_size: int | None = None

    def __post_init__(self) -> None:
        check_seed(self.seed)
        if self.instances not in INSTANCES:
            raise UnknownName("kind of instances", str(self.instances), INSTANCES)
        if self.positions is not None:
            object.__setattr__(self, "positions", each_once(self.positions, "positions"))
        if not is_whole(self.twins):
            raise InputError(f"shuffled twins are a whole number, not {self.twins!r}")
        if self.twins < 2:
            raise InputError(f"at least 2 shuffled twins are a control, not {self.twins}")
        check_batch_size(self.batch_size)


class MarginalEffect(NamedTuple):
    """A motif on one strand at one position: the mean change of a target with its 95 % interval over
    backgrounds, and the mean change by its shuffled twins.

    `position` is the middle of [start, end). `p_value` is that of the motif being one more of its twins,
    `q_value` the false discovery rate over all rows.
    """

    motif: str
    target: str
    strand: str
    position: float
    start: int
    end: int
    mean: float
    low: float
    high: float
    twin: float
    p_value: float
    q_value: float


@dataclass(frozen=True, eq=False)
class Marginal:
    """M motifs at P positions of B backgrounds, for T targets, in the targets' units.

    `effects` and `twins` (T, M, 2, P, B) are target(with) - target(without) of each motif on strands + and -,
    and of its shuffled twins; NaN where a motif of one strand is not put on the other. `without` (T, B) are
    the backgrounds' own values, and `orders` says which twin each background had (B,).
    """

    targets: tuple[str, ...]
    motifs: tuple[PWM, ...]
    positions: tuple[float, ...]
    effects: Numbers
    twins: Numbers
    without: Numbers
    orders: npt.NDArray[np.int64]
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        targets, motifs, _, positions, backgrounds = self.effects.shape
        return (
            f"<Marginal: {motifs} motifs at {positions} positions of {backgrounds} backgrounds, "
            f"{targets} targets>"
        )

    def table(self) -> list[MarginalEffect]:
        """A row for each motif, target, strand and position."""
        shape = self.effects.shape[:-1]
        known = np.isfinite(self.effects[..., 0]).ravel()
        effects, twins = (v.reshape(-1, v.shape[-1])[known] for v in (self.effects, self.twins))
        low, high = intervals(effects)
        p = single_case_test(np.zeros(len(effects)), by_twin(twins - effects, self.orders))
        numbers = zip(
            *(effects.mean(1), low, high, twins.mean(1), p, benjamini_hochberg(p)),
            strict=True,
        )
        cells = [cell for cell, there in zip(np.ndindex(shape), known, strict=True) if there]
        return [self._row(cell, *map(float, row)) for cell, row in zip(cells, numbers, strict=True)]

    def _row(self, cell: tuple[int, ...], *numbers: float) -> MarginalEffect:
        target, number, side, place = cell
        motif, strand, position = self.motifs[number], STRANDS[side], self.positions[place]
        start = start_of(position, motif.width, strand)
        where = (strand, position, start, start + motif.width)
        return MarginalEffect(motif.name, self.targets[target], *where, *numbers)


def by_twin(values: Numbers, orders: npt.NDArray[np.int64]) -> Numbers:
    """The mean over the backgrounds of each twin, (M, B) -> (M, K)."""
    return np.stack([values[:, orders == order].mean(1) for order in range(orders.max() + 1)], 1)


def marginalize(
    model: Model | Sequence[Model],
    motifs: Mapping[str, PWM | str] | Sequence[PWM | str],
    backgrounds: Any,
    settings: Insertions = Insertions(),
    targets: Sequence[int | str] | None = None,
    progress: Progress = silent,
) -> Marginal:
    """What each motif does to each target: target(with it) - target(without), in each of B backgrounds.

    `motifs` are PWMs or words of letters, `backgrounds` (B, 4, L) one-hot without N, or B texts. Of several
    models (folds) the effects are averaged. A motif takes the place of as many bases; of a model only what
    these reach is worked out again. Targets are the outputs before a final sigmoid or softmax, so an effect
    is in logits, log counts or what else the output is.

    Sources: Koo et al. 2021 (global importance analysis), Avsec et al. 2021 (marginal footprinting); the test
    against twins is that of a single case (Crawford & Howell 1998).
    Raises InputError for motifs that leave the backgrounds and for backgrounds with N, UnknownName for
    targets, NotFinite where the model answers NaN or infinity.
    """
    check_settings(settings, Insertions)
    put, rows = motifs_of(motifs), checked_backgrounds(backgrounds)
    number, _, length = rows.shape
    positions = settings.positions or (length / 2,)
    for motif, middle in product(put, positions):
        check_room(motif, middle, length)
    asked = Asked(put, positions, settings, number)
    models = models_of(model, targets, settings.device)
    tell = Counter(len(models) * number * asked.insertions, progress)
    found = [answers_of(session, asked, rows, tell) for session in models]
    without, changes = (sum(parts) / len(models) for parts in zip(*found, strict=True))
    names = tuple(target.name for target in models[0].targets)
    few = notes_on_few(number, settings.twins)
    notes = tuple(dict.fromkeys([*few, *(note for session in models for note in session.notes)]))
    return Marginal(
        names, put, positions, changes[..., 0, :], changes[..., 1, :], without, asked.orders, notes
    )


@dataclass(frozen=True)
class Asked:
    """The motifs and where they go, in all of so many backgrounds."""

    motifs: tuple[PWM, ...]
    positions: tuple[float, ...]
    settings: Insertions
    number: int

    @property
    def orders(self) -> npt.NDArray[np.int64]:
        """Which of its twins a motif has in each background."""
        return np.arange(self.number) % min(self.settings.twins, self.number)

    @property
    def insertions(self) -> int:
        """How many words go into each background."""
        strands = sum(1 if motif.one_strand else 2 for motif in self.motifs)
        return 2 * strands * len(self.positions)

    def by_width(self) -> dict[tuple[int, str], list[int]]:
        """The numbers of the motifs of each width that go onto a strand."""
        groups: dict[tuple[int, str], list[int]] = {}
        for number, motif in enumerate(self.motifs):
            for strand in STRANDS[:1] if motif.one_strand else STRANDS:
                groups.setdefault((motif.width, strand), []).append(number)
        return groups

    def columns(self, numbers: Sequence[int], strand: str, rows: range) -> Tensor:
        """The words of some motifs of one width and their twins' in S backgrounds, (S, m, 2, 4, w)."""
        pairs = []
        for number in numbers:
            motif, twins = self.motifs[number], min(self.settings.twins, self.number)
            own = words(motif, rows, self.settings.instances, self.settings.seed)
            pairs.append(np.stack([own, shuffled(motif, own, rows, twins, self.settings.seed)], 1))
        return columns_of(np.stack(pairs, 1), strand)


def answers_of(session: Session, asked: Asked, rows: Tensor, tell: Counter) -> tuple[Numbers, Numbers]:
    """The values of the backgrounds (T, B), and what words change, (T, M, 2, P, 2, B): motifs, then twins."""
    at_once = backgrounds_at_once(session, rows.shape[2])
    work = partial(answers_in, session, asked, tell)
    parts = [part for _, _, some in session.batches(session.plan(None), rows, at_once, work) for part in some]
    without, changes = (np.concatenate(column, -1) for column in zip(*parts, strict=True))
    return without, changes


def answers_in(
    session: Session, asked: Asked, tell: Counter, sequences: Tensor, first: int
) -> tuple[Numbers, Numbers]:
    """The same of some backgrounds (S, 4, L), of which the first has this number."""
    reader = Reader(session, sequences, first, tell, asked.settings.batch_size)
    without, every = reader.without(), torch.arange(len(sequences))
    targets, shape = without.shape[1], (len(asked.motifs), 2, len(asked.positions), 2, len(sequences))
    changes = np.full((targets, *shape), np.nan)
    for (width, strand), numbers in asked.by_width().items():
        columns = asked.columns(numbers, strand, range(first, first + len(sequences)))
        for place, middle in enumerate(asked.positions):
            start = start_of(middle, width, strand)
            values = reader.with_words(start, columns.flatten(1, 2), every)
            change = (values - without[:, None]).unflatten(1, (len(numbers), 2))  # (S, m, 2, T)
            changes[:, numbers, STRANDS.index(strand), place] = change.permute(3, 1, 2, 0).numpy()
    return without.T.numpy(), changes
