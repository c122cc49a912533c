"""The public face: what `import seqattr` offers, loaded when it is first asked for."""

from typing import Any

from seqattr.analyses.attention import attention
from seqattr.analyses.counterfactual import counterfactuals
from seqattr.analyses.maximize import maximize
from seqattr.analyses.patterns import fit_patterns
from seqattr.analyses.sensitivity import jacobian, sensitivity
from seqattr.engine.capture.model import Model
from seqattr.engine.graph.outputs import Target
from seqattr.jobs.patterns import load_patterns, save_patterns
from seqattr.methods.attribution import attribute
from seqattr.methods.learned_patterns import Patterns
from seqattr.methods.registry import METHODS, with_patterns
from seqattr.methods.results import Attribution
from seqattr.models.load import Foreign, load_model
from seqattr.models.native import save as save_model
from seqattr.refs.kinds import REFERENCES
from seqattr.refs.kinds import references as _references

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
