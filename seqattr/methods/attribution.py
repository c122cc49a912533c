"""From a model or several, sequences and references to contributions: what there is, in one place."""

from collections.abc import Sequence
from typing import Any

import torch

from seqattr.engine.capture.model import Model
from seqattr.methods.ensemble import Ensemble, sessions
from seqattr.methods.explainer import Explainer
from seqattr.methods.method import Method
from seqattr.methods.pending import Pending
from seqattr.methods.results import Attribution

__all__ = ["Attribution", "Ensemble", "Explainer", "Pending", "attribute"]


def attribute(
    model: Model | Sequence[Model],
    sequences: Any,
    references: Any = None,
    *,
    method: str | Method = "deeplift",
    targets: Sequence[int | str] | None = None,
    device: str = "auto",
    dtype: torch.dtype | None = None,
    batch_size: int | None = None,
    both_strands: bool = False,
) -> Attribution:
    """What each base of each sequence contributes to each target.

    `sequences` is (N, 4, L) one-hot, numpy or torch, or a list of texts; `references` (baselines) are (N, R,
    4, L), or (R, 4, L) shared by all sequences, or None for all zeros; see `seqattr.references`.
    contribution[l] = sum over channels of multiplier * (sequence - reference), mean over references;
    hypothetical[l, base] is the same for the base put there. `batch_size` counts pairs of a sequence and a
    reference; None takes what pays and fits into memory. The precision is the model's unless `dtype` says
    otherwise.

    Of several models, such as the folds of a cross-validation, the mean is returned; their targets are
    matched by name, in the first one's order. So is the mean over the strands with `both_strands`: what is
    found of the reverse complements, of sequences and references, is read backwards. `additivity_error` and
    `cancellation` are then the worst of all.

    Raises InputError for shapes that do not fit and for models whose targets differ, UnknownName for an
    unknown method or target, NotFinite if a model answers with NaN or infinity.
    """
    explainers = [Explainer(session, method) for session in sessions(model, targets, device, dtype)]
    return Ensemble(explainers, both_strands).attribute(sequences, references, batch_size)
