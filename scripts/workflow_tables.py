"""Writes what the workflow's rules know of seqattr anew, from the package's own tables.

python scripts/workflow_tables.py [seqattr/workflow/rules/tables.json]

The rules are read where there is no seqattr, so it stands in a file beside them.
"""

import json
import sys
from pathlib import Path
from typing import Any

from seqattr.data.simulate import TASKS
from seqattr.data.simulation_files import FILES
from seqattr.io.ownership import RUN
from seqattr.methods.method import Method
from seqattr.methods.registry import COSTLY, METHODS
from seqattr.refs.kinds import REFERENCES
from seqattr.tal_gata.recipe import EVALUATION_SEED, EVALUATION_SHARES, TABLES


def tables() -> dict[str, Any]:
    """Everything in tables.json."""
    return {
        "methods": {name: facts(name, method) for name, method in METHODS.items()},
        "references": list(REFERENCES),
        "numbered": [name for name, kind in REFERENCES.items() if kind.takes_number],
        "tasks": list(TASKS),
        "simulation": list(FILES),
        "benchmark": [*TABLES, RUN],
        "evaluation": {"shares": ",".join(map(str, EVALUATION_SHARES)), "seed": EVALUATION_SEED},
    }


def facts(name: str, method: Method) -> list[str]:
    """What the rules ask of a method."""
    flags = {
        "references": method.needs_references,
        "patterns": method.needs_patterns,
        "step": method.at_step is not None,
        "costly": name in COSTLY,
    }
    return [word for word, holds in flags.items() if holds]


def text() -> str:
    """As JSON, a line for each method."""
    whole = tables()
    methods = [f"    {json.dumps(name)}: {json.dumps(words)}" for name, words in whole.pop("methods").items()]
    rest = [f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in whole.items()]
    body = ",\n".join(['  "methods": {\n' + ",\n".join(methods) + "\n  }", *rest])
    return f'{{\n  "of": "seqattr; scripts/workflow_tables.py writes this file",\n{body}\n}}\n'


if __name__ == "__main__":
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "seqattr/workflow/rules/tables.json")
    path.write_text(text(), encoding="utf-8")
