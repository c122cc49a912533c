"""The public face: what `import seqattr` offers, loaded when it is first asked for."""

from typing import Any

from seqattr.engine.model import Model
from seqattr.engine.outputs import Target
from seqattr.methods.attention import attention
from seqattr.methods.attribution import attribute
from seqattr.methods.counterfactual import counterfactuals
from seqattr.methods.learned_patterns import Patterns
from seqattr.methods.maximize import maximize
from seqattr.methods.patterns import fit_patterns
from seqattr.methods.registry import METHODS, with_patterns
from seqattr.methods.results import Attribution
from seqattr.methods.sensitivity import jacobian, sensitivity
from seqattr.models.load import Foreign, load_model
from seqattr.models.native import save as save_model
from seqattr.patterns import load_patterns, save_patterns
from seqattr.references import REFERENCES
from seqattr.references import references as _references

__all__ = [
    "METHODS",
    "REFERENCES",
    "Attribution",
    "Foreign",
    "Model",
    "Patterns",
    "Target",
    "attention",
    "attribute",
    "counterfactuals",
    "fit_patterns",
    "jacobian",
    "load_model",
    "load_patterns",
    "maximize",
    "references",
    "save_model",
    "save_patterns",
    "sensitivity",
    "with_patterns",
]


def references(spec: str, sequences: Any, seed: int = 0) -> Any:
    """References (N, R, 4, L) for one-hot sequences (N, 4, L), as `spec` says: see `REFERENCES`.

    Each sequence's references depend on the seed and the sequence alone. numpy arrays give numpy arrays,
    torch tensors give torch tensors. Raises UnknownName or InputError, naming what there is.
    """
    import torch

    if not isinstance(sequences, torch.Tensor):
        return _references(spec, sequences, seed)
    drawn = _references(spec, sequences.detach().cpu().numpy(), seed)
    if drawn.strides[0] == 0 and len(drawn):  # shared: keep it so, without a copy
        return torch.from_numpy(drawn[0].copy()).expand(len(drawn), *drawn.shape[1:])
    return torch.from_numpy(drawn)
