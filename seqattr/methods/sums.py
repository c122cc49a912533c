"""Sums over references, where the numbers are made: on a GPU nothing of it waits for the host."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from seqattr.engine.graph.outputs import Target
from seqattr.engine.numerics.multipliers import Projected
from seqattr.engine.walk.comparison import Comparison
from seqattr.engine.walk.memory import Chunk
from seqattr.methods.attributors import Explanation

# What cancels to an output and a difference of exactly 0 is still a number.
TINY, HUGE = torch.finfo(torch.float64).tiny, torch.finfo(torch.float64).max
NO_SLOPE = "the method finds a slope that is NaN or infinite for target {}"

# --- what comes of a call ------------------------------------------------------------------------


class Fields(NamedTuple):
    """What an attribution says of each base, of T targets and N sequences."""

    contributions: Tensor  # (T, N, L)
    hypothetical: Tensor  # (T, N, 4, L)
    multipliers: Tensor | None = None  # (T, N, 4, L)
    variance: Tensor | None = None  # (T, N, L) float64, of the contributions

    def mirrored(self) -> "Fields":
        """The same of the other strand: (L) read backwards, (4, L) on both axes."""
        contributions, hypothetical, multipliers, variance = self
        return Fields(
            contributions.flip(-1),
            hypothetical.flip(-2, -1),
            None if multipliers is None else multipliers.flip(-2, -1),
            None if variance is None else variance.flip(-1),
        )


def mean_of(several: Iterable[Fields]) -> Fields:
    """The mean of independent explanations, as they come."""
    number, sums = 0, list[Tensor | None]()
    for fields in several:
        number += 1
        sums = [plus(a, b) for a, b in zip(sums, fields, strict=True)] if sums else list(fields)
    if number == 1:
        return Fields(*sums)  # type: ignore[arg-type]
    shares = (number, number, number, number**2)
    return Fields(*(None if t is None else t / n for t, n in zip(sums, shares, strict=True)))  # type: ignore[arg-type]


def plus(a: Tensor | None, b: Tensor | None) -> Tensor | None:
    return None if a is None or b is None else a + b


class Facts(NamedTuple):
    """What an explanation says of each sequence, (T, N) in float64 each.

    `answer` is the first answer to a reference that is no finite number, else 0; `slopes` is 1 where every
    slope of the method's is finite.
    """

    prediction: Tensor
    difference: Tensor
    error: Tensor
    cancellation: Tensor
    answer: Tensor
    slopes: Tensor

    def failures(self, targets: Sequence[Target]) -> dict[int, str]:
        """Why a row has no numbers, by the row."""
        finite = self.prediction.isfinite() & (self.answer == 0) & (self.slopes == 1)
        return {row: self.reason(row, targets) for row in (~finite).any(0).nonzero()[:, 0].tolist()}

    def reason(self, row: int, targets: Sequence[Target]) -> str:
        """The first of what is wrong with a row: outputs before slopes, target by target."""
        for t, target in enumerate(targets):
            prediction, answer = float(self.prediction[t, row]), float(self.answer[t, row])
            if not self.prediction[t, row].isfinite():
                return f"the model answers {prediction} for target {target.name}"
            if answer != 0:
                return f"the model answers {answer} for target {target.name} of a reference"
        return NO_SLOPE.format(targets[int(self.slopes[:, row].argmin())].name)


# --- as batches come in --------------------------------------------------------------------------


class Sums:
    """The sums of a call, as batches come in, on the device of the sequences that are compared.

    `whole` says that each batch has all references of its sequences: then it is their sum already.
    """

    def __init__(
        self,
        targets: Sequence[Target],
        compared: Comparison,
        dtype: torch.dtype,
        multipliers: bool,
        whole: bool,
    ) -> None:
        n, length, device = len(compared), compared.length, compared.sequences.data.device
        make = torch.empty if whole else torch.zeros

        def blank(*shape: int) -> Tensor:
            return make(len(targets), n, *shape, dtype=dtype, device=device)

        self.targets, self.whole = targets, whole
        self.contributions, self.hypothetical = blank(length), blank(4, length)
        self.multipliers = blank(4, length) if multipliers else None
        self.variance: Tensor | None = None  # where the method knows it
        facts = torch.zeros(5, len(targets), n, dtype=torch.float64, device=device)
        self.prediction, self.difference, self.error, self.cancellation, self.answer = facts

    def add(self, explanation: Explanation, chunk: Chunk, share: float) -> None:
        """A batch against a share of its references."""
        rows = chunk.sequences
        for t, target in enumerate(self.targets):
            projected = explanation.projection(target)
            self._sum(self.contributions[t, rows], projected.contributions, share)
            # Of the square root at 0 the slope is infinite.
            slopes = projected.multipliers - projected.against[:, None]
            self._sum(self.hypothetical[t, rows], slopes, share)
            if self.multipliers is not None:
                self._sum(self.multipliers[t, rows], projected.multipliers, share)
            at_x, at_r = (output.double() for output in explanation.outputs(target))
            self._keep_answers(t, rows, at_x, at_r)
            held = explanation.held(target)
            self._compare(
                t, rows, share, at_x, at_x - at_r if held is None else at_x - at_r - held, projected
            )
            if explanation.errors is not None:
                self._add_errors(t, rows, share, explanation.errors(target))

    def _sum(self, total: Tensor, values: Tensor, share: float) -> None:
        if self.whole:
            torch.add(values, 0.0, out=total)  # there is no -0 in a sum
        else:
            total += values * share

    def _compare(
        self, t: int, rows: slice, share: float, at_x: Tensor, change: Tensor, projected: Projected
    ) -> None:
        """The change (B, R) that is explained, of outputs (B, 1), and how far contributions miss it."""
        gap = (projected.totals - change).abs()
        floor = torch.maximum(change.abs(), at_x.abs() / 100)
        error = torch.where(gap == 0, 0.0, gap / floor)
        cancellation = (projected.sizes / floor.clamp(min=TINY)).clamp(max=HUGE)
        self.difference[t, rows] += change.mean(1) * share
        for worst, values in ((self.error, error), (self.cancellation, cancellation)):
            worst[t, rows] = torch.maximum(worst[t, rows], values.amax(1))

    def _keep_answers(self, t: int, rows: slice, at_x: Tensor, at_r: Tensor) -> None:
        """The outputs of sequences (B, 1), and which of the references' (B or 1, R) is no number."""
        self.prediction[t, rows] = at_x[:, 0]
        answer = self.answer[t, rows]
        self.answer[t, rows] = torch.where(answer == 0, first_not_finite(at_r), answer)

    def _add_errors(self, t: int, rows: slice, share: float, errors: Tensor) -> None:
        """Standard errors (B, L) against a share of the references; independent of the other references'."""
        if self.variance is None:
            self.variance = torch.zeros_like(self.contributions, dtype=torch.float64)
        self.variance[t, rows] += (errors.double() * share).square()

    def fields(self) -> Fields:
        return Fields(self.contributions, self.hypothetical, self.multipliers, self.variance)

    def facts(self) -> Facts:
        numbers = self.hypothetical.flatten(2)  # NaN is the largest and the least there is
        slopes = numbers.amax(2).isfinite() & numbers.amin(2).isfinite()
        return Facts(
            self.prediction, self.difference, self.error, self.cancellation, self.answer, slopes.double()
        )


def first_not_finite(values: Tensor) -> Tensor:
    """Of each row of (B, R) the first number that is NaN or infinite, else 0: (B)."""
    wrong = ~values.isfinite()
    which = wrong.float().argmax(1, keepdim=True)
    return torch.where(wrong, values, 0.0).gather(1, which)[:, 0]
