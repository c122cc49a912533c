"""How far two answers to the same sequences are apart, and how much of that is rounding."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

# How far two ways of computing the same may be apart, beside the largest output.
TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-4, torch.float16: 1e-2, torch.bfloat16: 1e-1}


@dataclass(frozen=True)
class Gap:
    """How far an output of the graph is from the model's own, and how large the model's is."""

    apart: float
    size: float

    def __str__(self) -> str:
        return f"by {self.apart:.2g} on outputs of {self.size:.2g}"


def first_gap(expected: Sequence[Tensor], actual: Sequence[Tensor], rounding: torch.dtype) -> Gap | None:
    """The first output that is further off than rounding explains; rows where the model is NaN are let be."""
    for a, b in zip(expected, actual, strict=True):
        gap = gap_between(a, b)
        coarsest = max(TOLERANCE.get(a.dtype, 0.0), TOLERANCE.get(rounding, 0.0))
        if gap.apart > (coarsest if a.is_floating_point() else 0.0) * gap.size:
            return gap
    return None


def gap_between(a: Tensor, b: Tensor) -> Gap:
    """Of two answers; infinite where their shapes differ, or one has a number where the other has none."""
    if a.shape != b.shape:
        return Gap(float("inf"), float("nan"))
    a, b = a.double(), b.double().to(a.device)
    known = ~a.isnan()
    apart = torch.where(a == b, 0.0, (a - b).abs())[known].nan_to_num(float("inf"), float("inf"))
    size = a[a.isfinite()].abs()
    return Gap(float(apart.max()) if len(apart) else 0.0, float(size.max()) if len(size) else 0.0)
