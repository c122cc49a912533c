"""The Jacobian of the outputs, and its size over a data set: how much each base at each position counts.

Both are the engine's plain gradient at the sequences, with nothing to compare them with.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor

from seqattr.engine.memory import halving, pairs_at_once, pieces
from seqattr.engine.model import Model
from seqattr.engine.outputs import Target, cut_to
from seqattr.engine.rules.gradient import GRADIENT
from seqattr.engine.run import full_precision
from seqattr.errors import NotFinite
from seqattr.methods.attribution import pick_device
from seqattr.methods.sequences import Sequences, check_shape, sliced, tensor_of
from seqattr.methods.ways import Batch, Work
from seqattr.progress import Progress, silent


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
    answer or a derivative that is NaN or infinite.
    """
    slopes = Slopes(model, model.pick(targets), device)
    return torch.cat([found.cpu() for _, found in slopes.batches(sliced(sequences), batch_size)], 1)


def sensitivity(
    model: Model,
    sequences: Sequences,
    *,
    targets: list[int | str] | None = None,
    device: str = "auto",
    batch_size: int | None = None,
    progress: Progress = silent,
) -> Sensitivity:
    """The mean absolute value of the Jacobian over sequences (N, 4, L), for each target, base and position.

    Sequences are taken a batch at a time, so that memory does not grow with their number. Raises as
    `jacobian` does, and InputError where there are no sequences.
    """
    picked = tuple(dict.fromkeys(model.pick(targets)))  # by name and by number is once
    sequences, tally = sliced(sequences), Tally()
    for done, found in Slopes(model, picked, device).batches(sequences, batch_size):
        tally.add(found.double())
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
                found = self.at(sequences[rows], rows.start, size)
            yield min(rows.stop, total), found

    def at(self, sequences: Any, start: int, size: int) -> Tensor:
        """The derivatives (T, B, 4, L), with fewer rows at once than `size` where memory runs out."""
        ones = tensor_of(sequences).to(self.place, self.model.dtype)

        def walked(rows: int) -> Tensor:
            return torch.cat([self._walk(ones[p], start + p.start) for p in pieces(len(ones), rows)], 1)

        return halving(walked, size)

    def _walk(self, ones: Tensor, start: int) -> Tensor:
        batch = Batch(self.work, ones, ones[None], True, self.targets)
        walk = batch.alone(ones)
        answers = torch.stack([walk.own_outputs(target) for target in self.targets])
        self._check(answers, "the model answers NaN or infinity", start)
        slopes = torch.stack([batch.back(walk, target).squeeze(1) for target in self.targets])
        self._check(slopes, "the gradient is NaN or infinite", start)
        return slopes

    def _check(self, values: Tensor, what: str, start: int) -> None:
        """Raises NotFinite for the first sequence of (T, B, ...) that has no number."""
        bad = ~values.flatten(2).isfinite().all(2)
        if bad.any():
            t, row = bad.nonzero()[0].tolist()
            raise NotFinite(f"{what} for target {self.targets[t].name} of", start + row)


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
