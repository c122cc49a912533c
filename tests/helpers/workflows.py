"""The workflow's files, and Snakemake run with them."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from seqattr.io.journal import Journal

ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / "seqattr" / "workflow"
with_snakemake = [
    pytest.mark.workflow,
    pytest.mark.skipif(shutil.which("snakemake") is None, reason="Snakemake is not installed"),
]
COMMAND = "from seqattr.cli import main; main()"  # as Python runs it


def settings_in(*names: str) -> dict[str, Any]:
    """What flat YAML files say, a later one over an earlier: each line is `name: value`, as JSON or bare."""
    settings: dict[str, Any] = {}
    for name in names:
        lines = (WORKFLOW / name).read_text().splitlines()
        pairs = [line.split(": ", 1) for line in lines if line.strip() and not line.startswith("#")]
        settings |= {key: parsed(value) for key, value in pairs}
    return settings


def parsed(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return [word for word in value[1:-1].split(", ") if word] if value.startswith("[") else value


def snakemake(
    folder: Path, *arguments: str, code: int = 0, environment: Mapping[str, str] | None = None
) -> str:
    """What it says in a folder; it runs this source tree's `seqattr`."""
    done = subprocess.run(
        ["snakemake", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=500,
        env=environment or with_command(folder),
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def with_command(folder: Path, code: str = COMMAND) -> dict[str, str]:
    """An environment whose `seqattr` is this source tree's, or another Python program."""
    (folder / "bin").mkdir(exist_ok=True)
    command, program = folder / "bin" / "seqattr", folder / "bin" / "program.py"
    program.write_text(code)
    command.write_text(f'#!/bin/sh\nexec {sys.executable} {program} "$@"\n')
    command.chmod(0o755)
    paths = filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])
    return {
        **os.environ,
        "PATH": f"{command.parent}:{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(paths),
    }


def has_blocks(folder: Path) -> bool:
    """Whether a scoring job under way in a folder has blocks that are whole."""
    journal = folder / "blocks" / "blocks-0.journal"
    if not journal.exists():
        return False
    opened = Journal(journal)
    opened.close()
    return bool(opened.records)


def jobs_in(said: str) -> dict[str, int]:
    """How many jobs of each rule a dry run tells of."""
    lines = said.partition("Job stats:")[2].partition("\n\n")[0].splitlines()
    rows = [line.split() for line in lines]
    return {row[0]: int(row[1]) for row in rows if len(row) == 2 and row[1].isdigit()}
