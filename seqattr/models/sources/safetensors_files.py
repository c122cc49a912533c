"""Weights in a file of the package safetensors, which holds tensors and texts alone."""

from pathlib import Path
from typing import Any

from safetensors.torch import load_file
from torch import Tensor

from seqattr.engine.graph.source_lines import first_line
from seqattr.errors import ModelError
from seqattr.models.geometry import Foreign, ReadModule
from seqattr.models.sources import state_dicts


def read(path: Path, foreign: Foreign, content: Any = None) -> ReadModule:
    """The class that `foreign.arch` names, with these weights. Raises ModelError for a damaged file."""
    return state_dicts.read(path, foreign, tensors_of(path))


def tensors_of(path: Path) -> dict[str, Tensor]:
    """The tensors in the file, by their names. Raises ModelError for a damaged one."""
    try:
        return load_file(path)
    except Exception as error:  # of whatever a damaged header says
        raise ModelError(f"the model file {path} is truncated or damaged: {first_line(error)}") from error
