"""In which unit the contributions of a run are, from its run.json."""

from collections.abc import Mapping
from typing import Any

from seqattr.methods.units import output_of, unit_behind


def contribution_unit(run: Mapping[str, Any], target: str) -> str:
    """The unit of a target's contributions, from the content of a run.json.

    A logit where a final sigmoid or softmax was left out, log counts of a model with a profile and counts,
    else the output itself, whose unit only the user knows.
    """
    units = run.get("units")
    known = units.get(target) if isinstance(units, dict) else None
    return str(known or unit_behind(final_in_words(run)) or output_of(target))


def final_in_words(run: Mapping[str, Any]) -> str:
    """What an older run.json says of the final nonlinearity; nothing where outputs may differ in it."""
    words = str(run.get("explained", ""))
    return words if words.startswith("the values before the final ") else ""
