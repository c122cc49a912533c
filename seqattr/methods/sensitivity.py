"""The Jacobian of the outputs, and its size over a data set: how much each base at each position counts.

Both are the engine's plain gradient at the sequences, with nothing to compare them with.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from seqattr.engine.memory import halving, pairs_at_once, pieces
from seqattr.engine.model import Model
from seqattr.engine.outputs import Target, cut_to
from seqattr.engine.rules.gradient import GRADIENT
from seqattr.engine.run import full_precision
from seqattr.errors import InputError, NotFinite
from seqattr.methods.attribution import pick_device
from seqattr.methods.ways import Batch, Work

Progress = Callable[[int, int], None]  # sequences done, sequences in all


class Sequences(Protocol):
    """One-hot sequences (N, 4, L), a slice of rows at a time: an array, a tensor, or made when asked for."""

    @property
    def shape(self) -> Any: ...

    def __getitem__(self, rows: slice, /) -> Any: ...


class Sensitivity(NamedTuple):
    """Moments of the derivatives d output / d base over N sequences, each (T, 4, L), float64, on the CPU."""

    targets: tuple[str, ...]
    sequences: int
    mean_absolute: Tensor
    standard_error: Tensor  # of the mean absolute value; NaN for one sequence
    mean: Tensor
    mean_square: Tensor


def jacobian(
    model: Model,
    sequences: Any,
    *,
    targets: list[int | str] | None = None,
    device: str = "auto",
    batch_size: int | None = None,
) -> Tensor:
    """The derivative of each target with respect to each base of each sequence, (T, N, 4, L), on the CPU.

    `sequences` is (N, 4, L) one-hot, numpy or torch. Targets are the outputs before a final sigmoid or
    softmax; the precision is the model's. `batch_size` counts sequences; None chooses it from free memory.

    Raises InputError for shapes that do not fit, UnknownName for an unknown target, NotFinite for a
    derivative that is NaN or infinite.
    """
    slopes = Slopes(model, model.pick(targets), device)
    return torch.cat([found.cpu() for _, found in slopes.batches(sequences, batch_size)], 1)


def sensitivity(
    model: Model,
    sequences: Sequences,
    *,
    targets: list[int | str] | None = None,
    device: str = "auto",
    batch_size: int | None = None,
    progress: Progress | None = None,
) -> Sensitivity:
    """The mean absolute value of the Jacobian over sequences (N, 4, L), for each target, base and position.

    Sequences are taken a batch at a time, so that memory does not grow with their number. Raises as
    `jacobian` does, and InputError where there are no sequences.
    """
    picked = tuple(dict.fromkeys(model.pick(targets)))  # by name and by number is once
    tally = Tally()
    for done, found in Slopes(model, picked, device).batches(sequences, batch_size):
        tally.add(found.double())
        if progress is not None:
            progress(done, sequences.shape[0])
    return tally.finish(tuple(target.name for target in picked))


class Slopes:
    """A model prepared for the derivatives of some targets on one device."""

    def __init__(self, model: Model, targets: tuple[Target, ...], device: str) -> None:
        graph, self.targets = cut_to(model.graph, targets)
        self.model, self.place = model, pick_device(device)
        self.work = Work(graph.to(self.place, model.dtype), GRADIENT)

    def batches(self, sequences: Sequences, batch_size: int | None = None) -> Iterator[tuple[int, Tensor]]:
        """How many sequences are done, and the derivatives (T, B, 4, L) for the last of them."""
        total = check_shape(sequences, batch_size)
        length = sequences.shape[2]
        self.model.check_length(length)
        with torch.no_grad(), full_precision():
            size = batch_size or pairs_at_once(self.work.plan, length, self.place)
        for rows in pieces(total, size):
            with torch.no_grad(), full_precision():
                found = self.at(sequences[rows], size)
            self.check(found, rows.start)
            yield min(rows.stop, total), found

    def at(self, sequences: Any, size: int) -> Tensor:
        """The derivatives (T, B, 4, L), with fewer rows at once than `size` where memory runs out."""
        ones = torch.as_tensor(sequences).detach().to(self.place, self.model.dtype)
        return halving(lambda n: torch.cat([self._walk(ones[p]) for p in pieces(len(ones), n)], 1), size)

    def _walk(self, ones: Tensor) -> Tensor:
        batch = Batch(self.work, ones, ones[None], True, self.targets)
        walk = batch.alone(ones)
        return torch.stack([batch.back(walk, target).squeeze(1) for target in self.targets])

    def check(self, found: Tensor, start: int) -> None:
        """Raises NotFinite naming the first sequence that has no slope."""
        bad = ~found.flatten(2).isfinite().all(2)
        if bad.any():
            t, row = bad.nonzero()[0].tolist()
            what = f"target {self.targets[t].name} of sequence number {start + row}"
            raise NotFinite(f"the gradient is NaN or infinite for {what}", start + row)


def check_shape(sequences: Sequences, batch_size: int | None) -> int:
    """The number of sequences. Raises InputError for what are no sequences, or no size of a batch."""
    shape = tuple(sequences.shape)
    if len(shape) != 3 or shape[1] != 4 or not shape[0]:
        raise InputError(f"sequences must have the shape (N, 4, L) with N at least 1, not {shape}")
    if batch_size is not None and batch_size < 1:
        raise InputError(f"the batch size must be at least 1, not {batch_size}")
    return int(shape[0])


class Tally:
    """Moments of what comes in batches (T, B, 4, L); merged as by Chan, Golub & LeVeque (1983), so that a
    spread much smaller than its mean is not lost.
    """

    def __init__(self) -> None:
        self.number = 0
        self.absolute = self.spread = self.mean = self.square = torch.zeros(())

    def add(self, slopes: Tensor) -> None:
        sizes, count = slopes.abs(), slopes.shape[1]
        batch_mean = sizes.mean(1)
        apart, before = batch_mean.cpu() - self.absolute, self.number
        self.number += count
        share = count / self.number
        self.spread = self.spread + (sizes - batch_mean[:, None]).square().sum(1).cpu()
        self.spread = self.spread + apart.square() * before * share
        self.absolute = self.absolute + apart * share
        self.mean = self.mean + (slopes.mean(1).cpu() - self.mean) * share
        self.square = self.square + (slopes.square().mean(1).cpu() - self.square) * share

    def finish(self, targets: tuple[str, ...]) -> Sensitivity:
        variance = self.spread / (self.number - 1) if self.number > 1 else self.spread * torch.nan
        error = (variance / self.number).sqrt()
        return Sensitivity(targets, self.number, self.absolute, error, self.mean, self.square)
