"""What torch.jit.save wrote, by torch's own converter to torch.export."""

import contextlib
import io
import warnings
from pathlib import Path
from typing import Any

import torch

from seqattr.engine.capture.export import quiet_torch
from seqattr.engine.graph.source_lines import first_line
from seqattr.errors import ModelError
from seqattr.models.geometry import Foreign, ReadModule, example_input, in_its_layout, no_length
from seqattr.models.recognition import TORCHSCRIPT


def read(path: Path, foreign: Foreign, content: Any = None) -> ReadModule:
    """The scripted or traced module as an exported one, for inputs of `foreign.length`.

    Raises ModelError where the length is not known, or torch's converter, which it keeps private, fails.
    """
    from torch._export.converter import TS2EPConverter

    if foreign.length is None:
        raise no_length(path, TORCHSCRIPT)
    try:
        with warnings.catch_warnings(), quiet_torch(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            script = torch.jit.load(str(path), map_location="cpu").eval()
            example = example_input(in_its_layout(script, foreign))
            return ReadModule(TS2EPConverter(script, (example,)).convert().module())
    except Exception as error:
        raise ModelError(f"cannot read the TorchScript model {path}: {first_line(error)}") from error
