"""The Jacobian of the outputs, and its size over a data set: how much each base at each position counts.

Both are the engine's plain gradient at the sequences, with nothing to compare them with.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor

from seqattr.engine.capture.model import Model
from seqattr.engine.graph.outputs import Target, cut_to
from seqattr.engine.numerics.device import full_precision
from seqattr.engine.rules.gradient import GRADIENT
from seqattr.engine.walk.memory import halving, pairs_at_once, pieces
from seqattr.engine.walk.session import Sequences, check_shape, sliced, tensor_of
from seqattr.errors import InputError, NotFinite
from seqattr.methods.attribution import pick_device
from seqattr.methods.attributors import Batch, Work
from seqattr.support.progress import Progress, silent


class Sensitivity(NamedTuple):
    """Moments of the derivatives d output / d base over N sequences, each (T, 4, L), float64, on the CPU.

    Each position has those of the sequences with a base there, `counts` of them; NaN where there is none.
    """

    targets: tuple[str, ...]
    sequences: int
    mean_absolute: Tensor
    standard_error: Tensor  # of the mean absolute value, from cluster to cluster; NaN for a single one
    mean: Tensor
    mean_square: Tensor
    counts: Tensor  # (L,), whole numbers


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

    Raises InputError for shapes that do not fit, UnknownName for an unknown target, NotFinite for an
    answer or a derivative that is NaN or infinite.
    """
    slopes = Slopes(model, model.pick(targets), device)
    return torch.cat([found.cpu() for _, _, found in slopes.batches(sliced(sequences), batch_size)], 1)


def sensitivity(
    model: Model,
    sequences: Sequences,
    *,
    targets: list[int | str] | None = None,
    device: str = "auto",
    batch_size: int | None = None,
    progress: Progress = silent,
    clusters: Any = None,
) -> Sensitivity:
    """The mean absolute value of the Jacobian over sequences (N, 4, L), for each target, base and position.

    At a position, sequences without a base there (N, and so padding) do not count.

    Sequences of one of the `clusters` (N,), whole numbers that do not fall, may hold the same bases: the
    error is that of a mean over clusters; without them each sequence is one.

    Sequences are taken a batch at a time, so that memory does not grow with their number. Raises as
    `jacobian` does, and InputError where there are no sequences, or the clusters are not theirs.
    """
    picked = tuple(dict.fromkeys(model.pick(targets)))  # by name and by number is once
    sequences, tally = sliced(sequences), Tally()
    groups = checked_clusters(clusters, sequences.shape[0])
    for done, ones, found in Slopes(model, picked, device).batches(sequences, batch_size):
        tally.add(found.double(), ones.any(1), groups[done - len(ones) : done])
        progress(done, sequences.shape[0])
    return tally.finish(tuple(target.name for target in picked))


def checked_clusters(clusters: Any, count: int) -> Tensor:
    """The cluster of each sequence as (N,). Raises InputError where they are not in order."""
    if clusters is None:
        return torch.arange(count)
    groups = torch.as_tensor(clusters)
    if groups.shape != (count,) or bool((groups.diff() < 0).any()):
        raise InputError(f"clusters are a whole number for each of {count} sequences, and do not fall")
    return groups


class Slopes:
    """A model prepared for the derivatives of some targets on one device."""

    def __init__(self, model: Model, targets: tuple[Target, ...], device: str) -> None:
        graph, self.targets = cut_to(model.graph, targets)
        self.model, self.place = model, pick_device(device)
        self.work = Work(graph.to(self.place, model.dtype), GRADIENT)

    def batches(
        self, sequences: Sequences, batch_size: int | None = None
    ) -> Iterator[tuple[int, Tensor, Tensor]]:
        """How many sequences are done, the last of them (B, 4, L), and their derivatives (T, B, 4, L)."""
        total = check_shape(sequences, batch_size)
        length = sequences.shape[2]
        self.model.check_length(length)
        with torch.no_grad(), full_precision():
            size = batch_size or pairs_at_once(self.work.plan, length, self.place)
        for rows in pieces(total, size):
            with torch.no_grad(), full_precision():
                ones = tensor_of(sequences[rows]).to(self.place, self.model.dtype)
                found = self.at(ones, rows.start, size)
            yield min(rows.stop, total), ones, found

    def at(self, ones: Tensor, start: int, size: int) -> Tensor:
        """The derivatives (T, B, 4, L), with fewer rows at once than `size` where memory runs out."""

        def walked(rows: int) -> Tensor:
            return torch.cat([self._walk(ones[p], start + p.start) for p in pieces(len(ones), rows)], 1)

        return halving(walked, size)

    def _walk(self, ones: Tensor, start: int) -> Tensor:
        batch = Batch.of_points(self.work, ones, self.targets)
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
    """Moments of what comes in batches (T, B, 4, L), position by position; merged as by Chan, Golub & LeVeque
    (1983), so that a spread much smaller than its mean is not lost.
    """

    def __init__(self) -> None:
        self.sequences = 0
        self.counts = self.absolute = self.mean = self.square = torch.zeros(())
        self.spread = Spread()

    def add(self, slopes: Tensor, known: Tensor, clusters: Tensor | None = None) -> None:
        """Derivatives that count where `known` (B, L), of clusters (B,) in order, else each of its own."""
        weights = known.to(slopes.dtype)[:, None]
        count, before = weights.sum((0, 1)).cpu(), self.counts
        divisor = count.clamp(min=1).to(slopes.device)
        if clusters is None:
            clusters = torch.arange(self.sequences, self.sequences + slopes.shape[1])
        self.sequences, self.counts = self.sequences + slopes.shape[1], before + count
        share = count / self.counts.clamp(min=1)

        def mean_of(values: Tensor) -> Tensor:
            return (values * weights).sum(1) / divisor

        sizes = slopes.abs()
        self.spread.add(sizes * weights, weights[:, 0], clusters.to(slopes.device))
        self.absolute = self.absolute + (mean_of(sizes).cpu() - self.absolute) * share
        self.mean = self.mean + (mean_of(slopes).cpu() - self.mean) * share
        self.square = self.square + (mean_of(slopes.square()).cpu() - self.square) * share

    def finish(self, targets: tuple[str, ...]) -> Sensitivity:
        """The moments. Raises InputError where no sequence had a base."""
        n = self.counts
        if not n.any():
            raise InputError("no sequence has a base: all are N")
        moments = (self.absolute, self.spread.standard_error(), self.mean, self.square)
        absolute, error, mean, square = (torch.where(n > 0, each, torch.nan) for each in moments)
        return Sensitivity(targets, self.sequences, absolute, error, mean, square, n.long())


class Spread:
    """The standard error of a mean over clusters that come one after another, by position.

    For a mean m of n values in G clusters, of which cluster g has W values with the mean m_g, it is the root
    of G / (G - 1) sum (W (m_g - m))^2 / n^2 (Liang & Zeger 1986): for clusters of one value the usual one.
    """

    def __init__(self) -> None:
        zero = torch.zeros(())
        self.clusters = self.values = self.mean = zero  # G, n and m
        self.squares = self.crosses = self.weights = zero  # sums of W^2 (m_g - m)^2, W^2 (m_g - m) and W^2
        self._last: tuple[Tensor, Tensor, int] | None = None  # what may go on: sums, W, number

    def add(self, sums: Tensor, weights: Tensor, clusters: Tensor) -> None:
        """Values times their weights (T, B, 4, L), weights (B, L) of 0 or 1, and clusters (B,) in order."""
        if self._last is not None:
            sums = torch.cat([self._last[0], sums], 1)
            weights = torch.cat([self._last[1], weights])
            clusters = torch.cat([clusters.new_tensor([self._last[2]]), clusters])
        numbers, own = clusters.unique_consecutive(return_inverse=True)
        sums = sums.new_zeros(sums.shape[0], len(numbers), *sums.shape[2:]).index_add_(1, own, sums)
        weights = weights.new_zeros(len(numbers), weights.shape[1]).index_add_(0, own, weights)
        self._last = sums[:, -1:], weights[-1:], int(numbers[-1])
        self._merge(sums[:, :-1], weights[:-1])

    def _merge(self, sums: Tensor, weights: Tensor) -> None:
        """Whole clusters more: sums (T, G, 4, L) and weights (G, L)."""
        weight, count = weights[:, None], weights.sum(0)
        mean = sums.sum(1) / count.clamp(min=1)
        apart = (sums / weight.clamp(min=1) - mean[:, None]) * weight
        found = apart.square().sum(1), (apart * weight).sum(1), weights.square().sum(0)
        squares, crosses, squared, mean, count = (each.cpu() for each in (*found, mean, count))
        values = self.values + count
        after = self.mean + (mean - self.mean) * count / values.clamp(min=1)
        parts = []
        for square, cross, total, centre in (
            (self.squares, self.crosses, self.weights, self.mean),
            (squares, crosses, squared, mean),
        ):
            shift = centre - after
            parts.append((square + 2 * cross * shift + total * shift.square(), cross + total * shift))
        (one, first), (two, second) = parts
        self.squares, self.crosses, self.weights = one + two, first + second, self.weights + squared
        self.mean, self.values, self.clusters = after, values, self.clusters + (weights > 0).sum(0).cpu()

    def standard_error(self) -> Tensor:
        """(T, 4, L), NaN where there are not two clusters."""
        if self._last is not None:
            self._merge(*self._last[:2])
            self._last = None
        clusters, values = self.clusters, self.values.clamp(min=1)
        return torch.where(
            clusters > 1, (self.squares * clusters / (clusters - 1).clamp(min=1)).sqrt() / values, torch.nan
        )
