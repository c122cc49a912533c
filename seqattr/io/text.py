"""Small files of text, whole or not at all."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from seqattr.io.atomic import replacing


def write_text(path: Path | str, text: str) -> None:
    """Write a text. Raises OutputError."""
    with replacing(path) as part:
        Path(part).write_text(text, encoding="utf-8")


def write_rows(path: Path | str, rows: Iterable[Sequence[object]]) -> None:
    """Write rows as they are, with tabs between their cells. Raises OutputError."""
    write_text(path, "".join("\t".join(map(str, row)) + "\n" for row in rows))


def write_json(path: Path | str, facts: Mapping[str, Any]) -> None:
    """Write facts as JSON that people can read. Raises OutputError."""
    write_text(path, json.dumps(facts, indent=2) + "\n")


def read_json(path: Path | str) -> dict[str, Any]:
    """The facts that a file holds; none where there is no such file, or it holds something else."""
    try:
        facts = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return facts if isinstance(facts, dict) else {}
