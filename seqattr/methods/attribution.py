"""From a model or several, sequences and references to contributions: what there is, in one place."""

from collections.abc import Sequence
from typing import Any

import torch

from seqattr.engine.capture.model import Model
from seqattr.engine.walk.session import Session
from seqattr.methods.explainer import Explainer
from seqattr.methods.method import Method
from seqattr.methods.pending import Attribution, Pending

__all__ = ["Attribution", "Explainer", "Pending", "attribute"]


def attribute(
    model: Model,
    sequences: Any,
    references: Any = None,
    *,
    method: str | Method = "deeplift",
    targets: Sequence[int | str] | None = None,
    device: str = "auto",
    dtype: torch.dtype | None = None,
    batch_size: int | None = None,
) -> Attribution:
    """What each base of each sequence contributes to each target.

    `sequences` is (N, 4, L) one-hot, numpy or torch; `references` (baselines) are (N, R, 4, L), or (R, 4, L)
    shared by all sequences, or None for all zeros. contribution[l] = sum over channels of
    multiplier * (sequence - reference), mean over references; hypothetical[l, base] is the same for the
    base put there. `batch_size` counts pairs of a sequence and a reference; None chooses it from free
    memory. The precision is the model's unless `dtype` says otherwise.

    Raises InputError for shapes that do not fit, UnknownName for an unknown method or target, NotFinite
    if the model answers with NaN or infinity.
    """
    session = Session(model, targets, device, dtype)
    return Explainer(session, method).attribute(sequences, references, batch_size)
