"""In which unit contributions are: that of what is explained."""

from collections.abc import Sequence

import numpy as np

from seqattr.engine.graph.expressions import PROFILES
from seqattr.engine.graph.outputs import Target
from seqattr.engine.graph.selections import Outputs, Selection
from seqattr.engine.walk.session import Session

LOGIT, LOG_COUNTS = "logit", "log counts"
SOME = " of some"  # outputs of which only some had a final nonlinearity


def output_of(target: str) -> str:
    """The unit of what is explained as it is."""
    return f"output of {target}"


def unit_behind(final: str) -> str:
    """Of values before a final nonlinearity; empty where there is none, or not of all."""
    is_log_odds = "sigmoid" in final or "softmax" in final
    return LOGIT if is_log_odds and SOME not in final else ""


def units_of(session: Session) -> dict[str, str]:
    """Of each of a session's targets, by name."""
    outputs = session.model.outputs
    pairs = zip(session.targets, session.finals, strict=True)
    return {
        target.name: unit_behind(final) or of_bpnet(outputs, target.name) or output_of(target.name)
        for target, final in pairs
    }


def of_bpnet(outputs: Outputs, name: str) -> str:
    """Of a target of a model with a profile and counts; empty for all else."""
    if outputs.heads is None:
        return ""
    if name.split("(")[0] in PROFILES:
        return LOGIT
    if name == "counts":
        return LOG_COUNTS
    target = outputs.table.get(name) if outputs.is_bpnet else None
    if target is None:
        return ""
    return LOG_COUNTS if is_element(target, outputs.heads.counts.all, outputs.shapes) else LOGIT


def is_element(target: Target, of: Selection, shapes: Sequence[tuple[int, ...]]) -> bool:
    """Whether a target is one of the selected elements of an output."""
    if target.output != of.output:
        return False
    at = np.unravel_index(target.index, shapes[of.output] or (1,))
    return all(
        where in index if isinstance(index, range) else where == index
        for where, index in zip(at, of.indices, strict=False)
    )
