"""What it takes to run something again."""

import platform
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from seqattr.engine.graph.outputs import explained_outputs
from seqattr.engine.walk.session import Session
from seqattr.methods.units import units_of
from seqattr.support.version import package_version


def provenance(session: Session, settings: Mapping[str, Any], length: int) -> dict[str, Any]:
    """Versions, settings, what was explained, where, and of sequences of which length."""
    return {
        "seqattr": package_version(),
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": np.__version__,
        },
        "explained": explained_outputs(session.finals),
        "units": units_of(session),
        "settings": settings,
        "device": session.device.type,
        "length": length,
    }
