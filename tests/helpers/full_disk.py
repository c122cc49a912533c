"""A full disk, in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

_SETUP = """
import resource, signal
import numpy as np
from seqattr.errors import SeqattrError
{imports}
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
try:
    {code}
except SeqattrError as error:
    print(type(error).__name__, error, sep=": ")
else:
    print("written")
"""


@pytest.fixture
def with_full_disk(tmp_path: Path) -> Callable[[str, str, int], str]:
    """Run code in tmp_path where no file may grow beyond `limit` bytes; what it prints.

    A library that crashes there fails the test by its exit status.
    """
    pytest.importorskip("resource")

    def run(imports: str, code: str, limit: int) -> str:
        script = _SETUP.format(imports=imports, code=code, limit=limit)
        root = Path(__file__).parents[2]
        done = subprocess.run(
            [sys.executable, "-c", script],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run
