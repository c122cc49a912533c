"""What it takes to run something again."""

import platform
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from seqattr.jobs.inspect import explained
from seqattr.methods.attribution import Engine
from seqattr.support.version import package_version


def provenance(engine: Engine, model_hash: str, settings: Mapping[str, Any], length: int) -> dict[str, Any]:
    """Versions, settings, the model's hash, and how much work it was on sequences of this length."""
    return {
        "seqattr": package_version(),
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": np.__version__,
        },
        "model": model_hash,
        "explained": explained(engine.model),
        "settings": settings,
        "device": str(engine.place),
        "length": length,
        "rows_forward": engine.work.rows_forward,
        "rows_backward": engine.work.rows_backward,
    }
