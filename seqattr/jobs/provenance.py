"""What it takes to run something again."""

import platform
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from seqattr.engine.walk.session import Session
from seqattr.jobs.inspect import explained_outputs
from seqattr.support.version import package_version


def provenance(session: Session, model_hash: str, settings: Mapping[str, Any], length: int) -> dict[str, Any]:
    """Versions, settings, the model's hash, and how much work it was on sequences of this length."""
    return {
        "seqattr": package_version(),
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": np.__version__,
        },
        "model": model_hash,
        "explained": explained_outputs(session.model),
        "settings": settings,
        "device": str(session.device),
        "length": length,
        "rows_forward": session.rows_forward,
        "rows_backward": session.rows_backward,
    }
