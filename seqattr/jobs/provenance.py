"""What it takes to run something again."""

import platform
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from seqattr.engine.graph.outputs import explained_outputs
from seqattr.engine.walk.session import Session
from seqattr.jobs.report.scores import Scores
from seqattr.methods.units import units_of
from seqattr.support.version import package_version


def provenance(session: Session, settings: Mapping[str, Any], length: int) -> dict[str, Any]:
    """Versions, settings, what was explained, where, and of sequences of which length."""
    return facts_of_run(
        explained=explained_outputs(session.finals),
        units=units_of(session),
        settings=settings,
        device=session.device.type,
        length=length,
    )


def facts_of_scores(scores: Scores, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The same of what is made of scores: which they are, settings, and of which model."""
    return facts_of_run(settings={"scores": str(scores.folder), **settings}, model=scores.run.get("model"))


def facts_of_run(**facts: Any) -> dict[str, Any]:
    """Versions, and these facts; the settings of them tell the `command`."""
    versions = {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
    }
    return {"seqattr": package_version(), "versions": versions, **facts}
