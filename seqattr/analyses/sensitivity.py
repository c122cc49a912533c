"""The Jacobian of the outputs, and its size over a data set: how much each base at each position counts.

Both are the engine's plain gradient at the sequences, with nothing to compare them with.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor

from seqattr.engine.capture.model import Model, check_model
from seqattr.engine.rules.gradient import GRADIENT
from seqattr.engine.walk.plan import Plan
from seqattr.engine.walk.session import Sequences, Session, check_finite, sliceable
from seqattr.errors import InputError, some_of
from seqattr.methods.attributors import Batch
from seqattr.methods.subject import SHOWN_TARGETS
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

    def __repr__(self) -> str:
        targets = some_of(self.targets, SHOWN_TARGETS, total=True)
        return f"<Sensitivity: {self.sequences} sequences of {len(self.counts)} bases, targets {targets}>"


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
    softmax; the precision is the model's. `batch_size` counts sequences; None takes what pays and fits.

    Raises InputError for shapes that do not fit, UnknownName for an unknown target, NotFinite for an
    answer or a derivative that is NaN or infinite.
    """
    session = Session(model, targets, device)
    batches = derivatives(session, sliceable(sequences), batch_size)
    return torch.cat([slopes.cpu() for _, _, slopes in batches], 1)


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
    check_model(model)
    chosen = model.choose(targets)
    asked = dict(zip(chosen.targets, chosen.texts, strict=True))  # by name and number is once
    names, texts = tuple(target.name for target in asked), list(asked.values())
    sequences, tally = sliceable(sequences), Tally()
    groups = cluster_numbers(clusters, sequences.shape[0])
    for done, batch, slopes in derivatives(Session(model, texts, device), sequences, batch_size):
        tally.add(slopes.double(), batch.any(1), groups[done - len(batch) : done])
        progress(done, sequences.shape[0])
    return tally.finish(names)


def cluster_numbers(clusters: Any, count: int) -> Tensor:
    """The cluster of each sequence as (N,). Raises InputError where they are not in order."""
    if clusters is None:
        return torch.arange(count)
    groups = torch.as_tensor(clusters)
    if groups.shape != (count,) or bool((groups.diff() < 0).any()):
        raise InputError(f"clusters are a whole number for each of {count} sequences, and do not fall")
    return groups


def derivatives(
    session: Session, sequences: Sequences, batch_size: int | None
) -> Iterator[tuple[int, Tensor, Tensor]]:
    """How many sequences are done, the last of them (B, 4, L), and their derivatives (T, B, 4, L)."""
    plan = session.plan(GRADIENT)
    for done, batch, parts in session.batches(plan, sequences, batch_size, partial(gradients, session, plan)):
        yield done, batch, torch.cat(parts, 1)


def gradients(session: Session, plan: Plan, sequences: Tensor, start: int) -> Tensor:
    """The gradients (T, B, 4, L) at sequences (B, 4, L), of which the first has the number `start`."""
    batch = Batch.of_points(session, plan, sequences)
    walk = batch.alone(sequences)
    for target in batch.targets:
        answer = f"the model answers NaN or infinity for target {target.name} of"
        check_finite(walk.sequence_outputs(target), answer, start)
    slopes = [batch.back(walk, target).squeeze(1) for target in batch.targets]
    for target, slope in zip(batch.targets, slopes, strict=True):
        check_finite(slope, f"the gradient is NaN or infinite for target {target.name} of", start)
    return torch.stack(slopes)


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
        absolute, error, mean, square = (torch.where(n > 0, values, torch.nan) for values in moments)
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
        numbers, index = clusters.unique_consecutive(return_inverse=True)
        sums = sums.new_zeros(sums.shape[0], len(numbers), *sums.shape[2:]).index_add_(1, index, sums)
        weights = weights.new_zeros(len(numbers), weights.shape[1]).index_add_(0, index, weights)
        self._last = sums[:, -1:], weights[-1:], int(numbers[-1])
        self._merge(sums[:, :-1], weights[:-1])

    def _merge(self, sums: Tensor, weights: Tensor) -> None:
        """Whole clusters more: sums (T, G, 4, L) and weights (G, L)."""
        weight, count = weights[:, None], weights.sum(0)
        mean = sums.sum(1) / count.clamp(min=1)
        apart = (sums / weight.clamp(min=1) - mean[:, None]) * weight
        sums_of = apart.square().sum(1), (apart * weight).sum(1), weights.square().sum(0)
        squares, crosses, squared, mean, count = (values.cpu() for values in (*sums_of, mean, count))
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
