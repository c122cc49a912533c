"""Which methods are tested how: what is affordable, and beside what its rounding is to be judged."""

import torch

from seqattr.methods.attribution import Attribution
from seqattr.methods.registry import COSTLY, METHODS

AFFORDABLE = [name for name in METHODS if name not in COSTLY]
# Their scores are differences of the model's answers, and so are rounded as these are.
PERTURBING = [name for name, method in METHODS.items() if method.family == "perturbation"]


def scale(wanted: Attribution, field: str, method: str) -> torch.Tensor:
    """The largest value of a field, or of the outputs that it is a difference of."""
    largest = getattr(wanted, field).abs().max()
    of_outputs = field == "difference" or method in PERTURBING
    return torch.maximum(largest, wanted.prediction.abs().max()) if of_outputs else largest
