"""seqattr explains trained DNA-sequence models base by base.

model = seqattr.load_model("model.pt")
references = seqattr.references("shuffle:10", sequences, seed=0)
result = seqattr.attribute(model, sequences, references, targets=[0])
result.contributions  # (T, N, L)
"""

from importlib import import_module
from typing import Any

# The public names, and where each of them is. A module is imported with the first of its names that is asked
# for, and torch with it, so that the command line answers at once.
_MODULES = {
    "METHODS": "methods.registry",
    "REFERENCES": "refs.kinds",
    "Attribution": "methods.attribution",
    "Foreign": "models.load",
    "Model": "engine.capture.model",
    "Patterns": "methods.learned_patterns",
    "SeqattrError": "errors",
    "Target": "engine.graph.outputs",
    "attention": "analyses.attention",
    "attribute": "methods.attribution",
    "counterfactuals": "analyses.counterfactual",
    "fit_patterns": "analyses.patterns",
    "jacobian": "analyses.sensitivity",
    "load_model": "models.load",
    "load_patterns": "jobs.patterns",
    "marginalize": "analyses.marginalization",
    "maximize": "analyses.maximize",
    "references": "methods.references",
    "save_model": "models.native",
    "save_patterns": "jobs.patterns",
    "sensitivity": "analyses.sensitivity",
    "spacing": "analyses.spacing",
    "variant_effects": "analyses.variants",
    "with_patterns": "methods.registry",
}

__all__ = list(_MODULES)
_TOOLS = {"Any", "import_module"}  # of this module, and none of its offers


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return import_module("seqattr.support.version").package_version()
    if name not in _MODULES:
        raise AttributeError(f"module 'seqattr' has no attribute '{name}'")
    value = globals()[name] = getattr(import_module(f"seqattr.{_MODULES[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES, "__version__"} - _TOOLS)
