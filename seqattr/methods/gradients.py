"""Gradients as they are, and at random points; whatever is drawn hangs on the sequence alone.

A draw's seed is a hash of the sequence, and of the reference where that takes part: batch size, order and
shards change nothing.
"""

from collections.abc import Callable, Sequence
from functools import partial
from hashlib import blake2b

import torch
from torch import Tensor

from seqattr.engine.graph.outputs import Target
from seqattr.methods.attributors import Attributor, Batch, Explanation

# --- at the sequence ---------------------------------------------------------------------------


def size_of_gradient(size: Callable[[Tensor], Tensor]) -> Attributor:
    """How much the output moves with a base, whichever way: a size of the gradient."""

    def attributor(batch: Batch) -> Explanation:
        walk = batch.alone(batch.sequences)
        scores = batch.scores_of_bases(lambda target: size(batch.back(walk, target).squeeze(1)))
        return Explanation(scores, batch.outputs(walk))

    return attributor


# --- beside the sequence -----------------------------------------------------------------------


def seed_of(*tensors: Tensor) -> int:
    """A number from 0 to 2^63 - 1 that these tensors alone decide, in whatever precision they come."""
    digest = blake2b(digest_size=8)
    for tensor in tensors:
        digest.update(tensor.double().cpu().contiguous().numpy().tobytes())
    return int.from_bytes(digest.digest()) >> 1


def noise(sequence: Tensor, samples: int) -> Tensor:
    """Standard normal numbers (samples, 4, L) for one sequence (4, L)."""
    generator = torch.Generator().manual_seed(seed_of(sequence))
    drawn = torch.randn(samples, *sequence.shape, dtype=torch.float64, generator=generator)
    return drawn.to(sequence)


def gradients_nearby(
    batch: Batch, samples: int, level: float, keep: Callable[[Target, Tensor], None]
) -> None:
    """The gradients (B, 4, L) at `samples` noisy copies of each sequence, one after the other."""
    away = torch.stack([noise(sequence, samples) for sequence in batch.sequences], 1) * level
    for step in away:
        walk = batch.alone(batch.sequences + step)
        for target in batch.targets:
            keep(target, batch.back(walk, target).squeeze(1))


class Moments:
    """The mean and the variance of gradients, target by target, as they come (Welford 1962)."""

    def __init__(self) -> None:
        self.seen: dict[Target, int] = {}
        self.means: dict[Target, Tensor] = {}
        self.squares: dict[Target, Tensor] = {}  # sums of squared distances from the mean

    def add(self, target: Target, gradient: Tensor) -> None:
        number = self.seen.get(target, 0) + 1
        before = self.means.get(target, torch.zeros_like(gradient))
        mean = before + (gradient - before) / number
        square = (gradient - before) * (gradient - mean)
        self.seen[target], self.means[target] = number, mean
        self.squares[target] = self.squares.get(target, torch.zeros_like(gradient)) + square

    def mean(self, target: Target) -> Tensor:
        return self.means[target]

    def mean_square(self, target: Target) -> Tensor:
        return self.variance(target) + self.mean(target).square()

    def variance(self, target: Target) -> Tensor:
        """Of these samples, not of what they are drawn from."""
        return self.squares[target] / self.seen[target]


def mean_nearby(samples: int, level: float) -> Attributor:
    """The mean gradient at noisy copies of the sequence, in place of the gradient at it."""

    def attributor(batch: Batch) -> Explanation:
        moments = Moments()
        gradients_nearby(batch, samples, level, moments.add)
        projection = batch.projection(lambda target: moments.mean(target)[:, None])
        return Explanation(projection, batch.outputs(batch.alone(batch.sequences)))

    return attributor


def moment(of: Callable[[Moments, Target], Tensor], samples: int, level: float) -> Attributor:
    """A moment of the gradients at noisy copies of the sequence, as a score of its bases."""

    def attributor(batch: Batch) -> Explanation:
        moments = Moments()
        gradients_nearby(batch, samples, level, moments.add)
        scores = batch.scores_of_bases(partial(of, moments))
        return Explanation(scores, batch.outputs(batch.alone(batch.sequences)))

    return attributor


# --- between the sequence and its references -----------------------------------------------------


def shares_of_way(sequence: Tensor, references: Tensor) -> Sequence[float]:
    """For each pair of a sequence (4, L) and a reference (R, 4, L) a number, uniform from 0 to 1."""
    return [seed_of(sequence, reference) / 2**63 for reference in references]


def somewhere_between(batch: Batch) -> Explanation:
    """The gradient at one random point of the straight way from each reference to the sequence.

    Times the difference, its expectation sums to the difference of the outputs.
    """
    start = batch.references.expand(len(batch.sequences), -1, -1, -1)
    drawn = [shares_of_way(*pair) for pair in zip(batch.sequences, start, strict=True)]
    share = torch.tensor(drawn, dtype=start.dtype, device=start.device)[..., None, None]
    walk = batch.alone(torch.lerp(start, batch.sequences[:, None], share).flatten(0, 1))
    projection = batch.projection(lambda target: batch.back(walk, target).view(start.shape))
    return Explanation(projection, batch.outputs(batch.alone(batch.sequences)))
