"""PRECISIONS: the numbers that a walk computes in, and how far rough ones lead."""

from typing import NamedTuple

import torch

from seqattr.engine.numerics.device import FULL
from seqattr.methods.attribution import Attribution


class Precision(NamedTuple):
    """The numbers of a walk, None: the model's own; and how a GPU multiplies those of float32, one of
    PRODUCTS. A rough one is measured beside float32.
    """

    dtype: torch.dtype | None
    products: str = FULL
    rough: bool = False


PRECISIONS = {
    "model": Precision(None),
    "float32": Precision(torch.float32),
    "float64": Precision(torch.float64),
    "tf32": Precision(torch.float32, "tf32", rough=True),
    "bfloat16x3": Precision(torch.float32, "bfloat16x3", rough=True),
    "bfloat16": Precision(torch.bfloat16, rough=True),
}


def roughness(precision: str, rough: Attribution, exact: Attribution) -> str:
    """How far contributions are from those of float32, of the sequences that `exact` holds."""
    some = exact.contributions.shape[1]
    largest = exact.contributions.abs().amax(-1)
    apart = (rough.contributions[:, :some] - exact.contributions).abs().amax(-1) / largest.clamp(min=1e-30)
    return (
        f"in {precision} contributions differ from float32's by up to "
        f"{percent(float(apart.max()))} of a sequence's largest, measured on {some} sequences"
    )


def percent(share: float) -> str:
    """In two digits, however small it is."""
    return f"{share:.0%}" if share >= 1 else f"{100 * share:.2g}%"
