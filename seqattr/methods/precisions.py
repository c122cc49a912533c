"""PRECISIONS: the numbers that a walk computes in, and how far rough ones lead."""

from typing import NamedTuple

import torch

from seqattr.methods.attribution import Attribution


class Precision(NamedTuple):
    """The numbers of a walk; None: the model's own. A rough one is measured beside float32."""

    dtype: torch.dtype | None
    tf32: bool = False
    rough: bool = False


PRECISIONS = {
    "model": Precision(None),
    "float32": Precision(torch.float32),
    "float64": Precision(torch.float64),
    "tf32": Precision(torch.float32, tf32=True, rough=True),
    "bfloat16": Precision(torch.bfloat16, rough=True),
}


def roughness(precision: str, rough: Attribution, exact: Attribution) -> str:
    """How far contributions are from those of float32, of the sequences that `exact` holds."""
    some = exact.contributions.shape[1]
    largest = exact.contributions.abs().amax(-1)
    apart = (rough.contributions[:, :some] - exact.contributions).abs().amax(-1) / largest.clamp(min=1e-30)
    return (
        f"in {precision} contributions differ from float32's by up to "
        f"{float(apart.max()):.1%} of a sequence's largest, measured on {some} sequences"
    )
