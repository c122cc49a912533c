"""What torch.export.save wrote."""

import io
import warnings
from pathlib import Path
from typing import Any

import torch

from seqattr.engine.capture.export import quiet_torch
from seqattr.engine.graph.source_lines import first_line
from seqattr.errors import ModelError
from seqattr.models.geometry import Foreign, ReadModule


def read(path: Path, foreign: Foreign, content: Any = None) -> ReadModule:
    """The exported module, which tells its layout and length itself, unless these are free.

    Raises ModelError for one of a single batch size, or a damaged one.
    """
    try:
        with warnings.catch_warnings(), quiet_torch():
            warnings.simplefilter("ignore")
            program = torch.export.load(io.BytesIO(path.read_bytes()))  # of a path it wants the ending .pt2
    except Exception as error:
        raise ModelError(f"cannot read the torch.export archive {path}: {first_line(error)}") from error
    inputs = [
        node.meta["val"] for node in program.graph.nodes if node.name in program.graph_signature.user_inputs
    ]
    if inputs and isinstance(inputs[0].shape[0], int):
        raise ModelError(
            f"{path} was exported for batches of exactly {inputs[0].shape[0]}; export it again with "
            "dynamic_shapes=({0: torch.export.Dim('batch')},)"
        )
    return ReadModule(program.module())
