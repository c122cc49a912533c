"""A folder as `seqattr workflow` writes it, with a model, sequences and a config in it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seqattr.io.ownership import Output
from seqattr.jobs.workflow import run as write_workflow

SETTINGS: dict[str, Any] = {
    "out": "own",
    "models": ["free.pt"],
    "fasta": "s.fa",
    "methods": ["gradient", "patternnet"],
    "refs": ["freq"],
    "motifs": ["bundled"],
    "targets": ["target0"],
    "report_options": "--sequences 1",
}


@pytest.fixture
def configured(tmp_path: Path, models: Path, fasta: Callable[..., Path]) -> Callable[..., Path]:
    """The folder with free.pt, s.fa and these changes to the settings."""
    write_workflow(Output(tmp_path))
    (tmp_path / "free.pt").symlink_to(models / "free.pt")
    fasta(20)

    def configure(**changes: Any) -> Path:
        (tmp_path / "config.yaml").write_text(json.dumps(SETTINGS | changes))
        return tmp_path

    return configure
