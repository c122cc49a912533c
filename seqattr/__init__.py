"""seqattr explains trained DNA-sequence models base by base.

model = seqattr.load_model("model.pt")
references = seqattr.references("shuffle:10", sequences, seed=0)
result = seqattr.attribute(model, sequences, references, targets=[0])
result.contributions  # (T, N, L)
"""

import sys
from types import ModuleType
from typing import Any

from seqattr.errors import SeqattrError

__all__ = [
    "METHODS",
    "REFERENCES",
    "Attribution",
    "Foreign",
    "Model",
    "Patterns",
    "SeqattrError",
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


def __getattr__(name: str) -> Any:
    """torch is imported with the first thing that needs it, so that the command line answers at once."""
    if name not in __all__:
        raise AttributeError(f"module 'seqattr' has no attribute '{name}'")
    from seqattr import api

    return getattr(api, name)


class Package(ModuleType):
    """`seqattr.references` is the function, although importing the module of that name would put it there."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in __all__ and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = Package
