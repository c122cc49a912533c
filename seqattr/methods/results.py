"""What an attribution is made of, summed over references as batches come in."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from seqattr.engine.graph.outputs import Target
from seqattr.engine.numerics.fused import Projected
from seqattr.engine.walk.memory import Chunk
from seqattr.errors import NotFinite

# What cancels to an output and a difference of exactly 0 is still a number.
TINY, HUGE = torch.finfo(torch.float64).tiny, torch.finfo(torch.float64).max


class Attribution(NamedTuple):
    """What each base contributed, for T targets of N sequences of length L, on the CPU.

    `prediction` is the target's value for the sequence, `difference` that value minus the references'
    mean. `additivity_error` is the worst over the references of
    |sum of contributions - difference| / max(|difference|, |prediction| / 100), and `cancellation` that of
    the sum of |contributions| over the same: how far the explanation adds up only because its parts cancel.
    `standard_error` is that of the contributions, given the references, where the method estimates them by
    chance; None elsewhere.
    """

    contributions: Tensor  # (T, N, L)
    hypothetical: Tensor  # (T, N, 4, L)
    multipliers: Tensor  # (T, N, 4, L), mean over references
    prediction: Tensor  # (T, N)
    difference: Tensor  # (T, N)
    additivity_error: Tensor  # (T, N)
    cancellation: Tensor  # (T, N)
    standard_error: Tensor | None = None  # (T, N, L)


class Accumulator:
    """Sums over references as batches come in."""

    def __init__(
        self, targets: Sequence[Target], shape: Sequence[int], references: int, dtype: torch.dtype
    ) -> None:
        n, _, length = shape
        self.number = references
        self.contributions = torch.zeros(len(targets), n, length, dtype=dtype)
        self.hypothetical = torch.zeros(len(targets), n, 4, length, dtype=dtype)
        self.multipliers = torch.zeros(len(targets), n, 4, length, dtype=dtype)
        self.prediction = torch.zeros(len(targets), n, dtype=torch.float64)
        self.difference = torch.zeros(len(targets), n, dtype=torch.float64)
        self.error = torch.zeros(len(targets), n, dtype=torch.float64)
        self.cancellation = torch.zeros(len(targets), n, dtype=torch.float64)
        self.variance: Tensor | None = None  # of the contributions, where the method knows it

    def add(self, t: int, chunk: Chunk, share: float, found: Projected, at_x: Tensor, at_r: Tensor) -> None:
        """What was found for one target against a share of the references, and its outputs."""
        rows = chunk.sequences
        change = at_x.double() - at_r.double()
        gap = (found.totals - change).abs()
        floor = torch.maximum(change.abs(), at_x.double().abs() / 100)
        error = torch.where(gap == 0, 0.0, gap / floor)
        cancellation = (found.sizes / floor.clamp(min=TINY)).clamp(max=HUGE)
        self.contributions[t, rows] += found.contributions.cpu() * share
        self.multipliers[t, rows] += found.multipliers.cpu() * share
        self.hypothetical[t, rows] += (found.multipliers - found.against[:, None]).cpu() * share
        self.prediction[t, rows] = at_x[:, 0].double().cpu()
        self.difference[t, rows] += change.mean(1).cpu() * share
        for worst, values in ((self.error, error), (self.cancellation, cancellation)):
            worst[t, rows] = torch.maximum(worst[t, rows], values.amax(1).cpu())

    def add_errors(self, t: int, chunk: Chunk, share: float, errors: Tensor) -> None:
        """Standard errors (B, L) against a share of the references; independent of the other references'."""
        if self.variance is None:
            self.variance = torch.zeros_like(self.contributions, dtype=torch.float64)
        self.variance[t, chunk.sequences] += (errors.double().cpu() * share).square()

    def finish(self) -> Attribution:
        return Attribution(
            self.contributions,
            self.hypothetical,
            self.multipliers,
            self.prediction,
            self.difference,
            self.error,
            self.cancellation,
            None if self.variance is None else self.variance.sqrt().to(self.contributions),
        )


def check_outputs(at_x: Tensor, at_r: Tensor, target: Target, chunk: Chunk) -> None:
    """Raises NotFinite naming the first sequence for which the model answers with NaN or infinity."""
    for values, what in ((at_x, ""), (at_r, " a reference of")):
        bad = ~values.isfinite()
        if bad.any():
            first = int(bad.any(1).nonzero()[0]) if len(values) == len(at_x) else 0
            row = chunk.sequences.start + first
            answer = float(values[bad][0])
            raise NotFinite(f"the model answers {answer} for target {target.name} of{what}", row)


def check_found(found: Projected, target: Target, chunk: Chunk) -> None:
    """Raises NotFinite where a slope is NaN or infinite though no answer is, as a square root's at 0."""
    bad = ~(found.multipliers - found.against[:, None]).flatten(1).isfinite().all(1)
    if bad.any():
        row = chunk.sequences.start + int(bad.nonzero()[0])
        raise NotFinite(f"the method finds a slope that is NaN or infinite for target {target.name} of", row)
