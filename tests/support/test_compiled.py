"""Loops as machine code are kept on disk where that can be; where it cannot, they run all the same."""

import os
import subprocess
import sys

import pytest

ON_A_FULL_DISK = """
import resource, signal, sys
sys.path.insert(0, sys.argv[1])
from loops import doubled
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, most))
number = doubled(21)
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
print(number)
"""
LOOPS = "from seqattr.support.compiled import compiled\n\n@compiled\ndef doubled(x):\n    return 2 * x\n"


def test_a_full_disk_keeps_nothing_and_stops_nothing(tmp_path):
    pytest.importorskip("resource")
    pytest.importorskip("numba")
    (tmp_path / "loops.py").write_text(LOOPS)
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    call = [sys.executable, "-c", ON_A_FULL_DISK, str(tmp_path)]
    done = subprocess.run(call, capture_output=True, text=True, env=environment, timeout=120)
    assert (done.stdout, done.stderr) == ("42\n", "")
    assert not list((tmp_path / "cache").rglob("*.nbc"))
