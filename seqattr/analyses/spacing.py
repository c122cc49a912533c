"""Two motifs at every distance: what they do together beyond the sum of what each does alone.

Motif A lies in the middle of each background, B before or behind it, each on either strand. The interaction

    target(A and B) - target(A) - target(B) + target(neither)

is the part of the change that neither makes alone: the in-silico motif interaction of BPNet (Avsec et al.
2021), of global importance analysis (Koo et al. 2021, "motif interactions"). It is zero where effects add up
on the scale of the target: for a target before its sigmoid, where the odds multiply.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from seqattr.analyses.arrangements import Numbers, Spacing
from seqattr.analyses.insertions import (
    STRANDS,
    Reader,
    backgrounds_at_once,
    check_room,
    checked_backgrounds,
    columns_of,
    consensus,
    models_of,
    motif_of,
    notes_on_few,
    start_of,
)
from seqattr.engine.capture.model import Model
from seqattr.engine.walk.session import Session, check_batch_size
from seqattr.errors import InputError
from seqattr.motifs.pwm import PWM
from seqattr.support.given import check_settings, each_once
from seqattr.support.progress import Counter, Progress, silent
from seqattr.support.seeds import check_seed

MOST_DISTANCE = 100  # unless distances are given


@dataclass(frozen=True)
class Distances:
    """How many bases lie between the two motifs, each once; None: 0 to 100, as far as there is room.

    `seed` is that of the test. Raises InputError for what cannot be.
    """

    distances: tuple[int, ...] | None = None
    seed: int = 0
    device: str = "auto"
    batch_size: int | None = None

    def __post_init__(self) -> None:
        check_seed(self.seed)
        if self.distances is not None:
            object.__setattr__(self, "distances", each_once(self.distances, "distances", whole=True))
            if min(self.distances) < 0:
                raise InputError(f"a distance counts the bases between the motifs, not {min(self.distances)}")
        check_batch_size(self.batch_size)


def spacing(
    model: Model | Sequence[Model],
    motifs: tuple[PWM | str, PWM | str],
    backgrounds: Any,
    settings: Distances = Distances(),
    targets: Sequence[int | str] | None = None,
    progress: Progress = silent,
) -> Spacing:
    """What two motifs do together, at every distance, in every order and on every pair of strands.

    `motifs` are PWMs, of which the consensus is put in, or words of letters; `backgrounds` (B, 4, L) one-hot
    without N, or B texts. Of several models (folds) the changes are averaged. A background with A in its
    middle goes through the model once, and B is put into that and into the background itself; of a model only
    what B reaches is worked out again.

    Sources: Avsec et al. 2021 (BPNet), Koo et al. 2021. Raises InputError where the motifs leave the
    backgrounds and for backgrounds with N, UnknownName for targets, NotFinite where the model answers NaN or
    infinity.
    """
    check_settings(settings, Distances)
    a, b = both_of(motifs)
    rows = checked_backgrounds(backgrounds)
    length = rows.shape[2]
    layout = Layout(a, b, length, distances_in(a, b, length, settings.distances))
    models = models_of(model, targets, settings.device)
    tell = Counter(len(models) * len(rows) * layout.insertions, progress)
    found = [answers_of(session, layout, rows, tell, settings.batch_size) for session in models]
    without, both, alone, other = (sum(parts) / len(models) for parts in zip(*found, strict=True))
    names = tuple(target.name for target in models[0].targets)
    few = notes_on_few(len(rows))
    notes = tuple(dict.fromkeys([*few, *(note for session in models for note in session.notes)]))
    changes = both, alone, other, without
    return Spacing(names, (a, b), layout.distances, *changes, models[0].finals, notes, settings.seed)


def both_of(motifs: tuple[PWM | str, PWM | str]) -> list[PWM]:
    """The two motifs, which may be one twice. Raises InputError for what are not two."""
    pair = [] if isinstance(motifs, str | PWM) or not isinstance(motifs, Iterable) else [*motifs]
    if len(pair) != 2:
        raise InputError(f'two motifs are wanted, as ("GATAAG", "CAGATG"), not {motifs!r}')
    return [motif_of(given, given) for given in pair]


def distances_in(a: PWM, b: PWM, length: int, wanted: tuple[int, ...] | None) -> tuple[int, ...]:
    """The distances at which there is room. Raises InputError for one that has none, and for no room."""
    for motif in (a, b):
        check_room(motif, length / 2, length)
    starts = [start_of(length / 2, a.width, strand) for strand in STRANDS]
    room = min(*starts, length - a.width - max(starts)) - b.width
    if room < 0:
        raise InputError(
            f"{b.name} of {b.width} bp has no room beside {a.name} of {a.width} bp in the middle of "
            f"backgrounds of {length} bp"
        )
    if wanted is not None and max(wanted) > room:
        raise InputError(
            f"at a distance of {max(wanted)} the motifs {a.name} and {b.name} leave backgrounds of {length} "
            f"bp; {room} is the largest"
        )
    return wanted or tuple(range(min(room, MOST_DISTANCE) + 1))


class Put(NamedTuple):
    """Where B goes in one order at one distance from A on a strand."""

    order: int
    strand_a: int
    distance: int


@dataclass(frozen=True)
class Layout:
    """Both motifs, and where they go in backgrounds of a length."""

    a: PWM
    b: PWM
    length: int
    distances: tuple[int, ...]

    def start_a(self, strand: str) -> int:
        """In the middle."""
        return start_of(self.length / 2, self.a.width, strand)

    def by_start(self) -> dict[int, list[Put]]:
        """What begins where: A on strand - may lie a base further on, and B with it."""
        starts: dict[int, list[Put]] = {}
        for side, strand in enumerate(STRANDS):
            start = self.start_a(strand)
            for number, distance in enumerate(self.distances):
                behind, before = start + self.a.width + distance, start - distance - self.b.width
                starts.setdefault(behind, []).append(Put(0, side, number))
                starts.setdefault(before, []).append(Put(1, side, number))
        return starts

    @property
    def insertions(self) -> int:
        """How many words go into each background, and into it with A."""
        return sum(2 * (1 + len(puts)) for puts in self.by_start().values())


def answers_of(
    session: Session, layout: Layout, rows: Tensor, tell: Counter, batch_size: int | None
) -> list[Numbers]:
    """The values of the backgrounds (T, B), and what both, A and B change, (T, 2, 2, 2, D, B) each."""
    at_once = backgrounds_at_once(session, layout.length, VERSIONS)
    work = partial(answers_in, session, layout, tell, batch_size)
    parts = [part for _, _, some in session.batches(session.plan(None), rows, at_once, work) for part in some]
    return [np.concatenate(column, -1) for column in zip(*parts, strict=True)]


VERSIONS = 3  # of a background: itself, with A on strand +, with A on strand -


def answers_in(
    session: Session, layout: Layout, tell: Counter, batch_size: int | None, sequences: Tensor, first: int
) -> list[Numbers]:
    """The same of some backgrounds (S, 4, L), of which the first has this number."""
    size = len(sequences)
    versions = torch.cat([sequences, *(with_a(layout, sequences, strand) for strand in STRANDS)])
    reader = Reader(session, versions, first, tell, batch_size, VERSIONS)
    outputs = reader.without().view(VERSIONS, size, -1)
    without, shape = outputs[0], (2, 2, 2, len(layout.distances), size, outputs.shape[2])
    both, b = np.empty(shape), np.empty(shape)
    word = consensus(layout.b)
    columns = torch.stack([columns_of(word, strand) for strand in STRANDS])  # (2, 4, w)
    for start, puts in layout.by_start().items():
        sides = sorted({put.strand_a for put in puts})
        used = torch.cat([torch.arange(size) + size * version for version in (0, *(s + 1 for s in sides))])
        values = reader.with_words(start, columns.expand(len(used), -1, -1, -1), used)
        changes = (values.unflatten(0, (-1, size)) - without[:, None]).transpose(1, 2).numpy()
        for put in puts:  # (strands of B, S, T)
            b[put.order, put.strand_a, :, put.distance] = changes[0]
            both[put.order, put.strand_a, :, put.distance] = changes[1 + sides.index(put.strand_a)]
    alone = (outputs[1:] - without).numpy()  # (strands of A, S, T)
    a = np.broadcast_to(alone[None, :, None, None], shape)
    return [without.T.numpy(), *(np.moveaxis(array, -1, 0) for array in (both, a, b))]


def with_a(layout: Layout, sequences: Tensor, strand: str) -> Tensor:
    """Backgrounds (S, 4, L) with A in their middle."""
    columns = columns_of(consensus(layout.a), strand).to(sequences)
    start, end = layout.start_a(strand), layout.start_a(strand) + layout.a.width
    return torch.cat(
        [sequences[:, :, :start], columns.expand(len(sequences), -1, -1), sequences[:, :, end:]], 2
    )
