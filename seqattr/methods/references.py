"""References for sequences in arrays of any kind."""

from typing import Any

import torch

from seqattr.refs import kinds


def references(spec: str, sequences: Any, seed: int = 0) -> Any:
    """References (baselines, N, R, 4, L) for one-hot sequences (N, 4, L), as `spec` says: see `REFERENCES`.

    Each sequence's references depend on the seed and the sequence alone. numpy arrays give numpy arrays,
    torch tensors give torch tensors. Raises UnknownName or InputError, naming what there is.
    """
    if not isinstance(sequences, torch.Tensor):
        return kinds.references(spec, sequences, seed)
    drawn = kinds.references(spec, sequences.detach().cpu().numpy(), seed)
    if drawn.strides[0] == 0 and len(drawn):  # shared: keep it so, without a copy
        return torch.from_numpy(drawn[0].copy()).expand(len(drawn), *drawn.shape[1:])
    return torch.from_numpy(drawn)
