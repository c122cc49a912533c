"""`seqattr score` is killed at random moments, as by a scheduler or for want of memory, and goes on."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.helpers.scoring import files

SCRIPT = "from seqattr.cli import main; main()"


def begun(out: Path, words: tuple[str, ...]) -> subprocess.Popen[bytes]:
    """From the folder above, as run.json tells where the results lie."""
    out.parent.mkdir(exist_ok=True)
    command = [sys.executable, "-c", SCRIPT, *words, "--out", out.name]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd=out.parent)


def whole(out: Path, words: tuple[str, ...]) -> float:
    """A run to its end; how many seconds it took."""
    start = time.monotonic()
    assert begun(out, words).wait(600) == 0  # on a busy machine too
    return time.monotonic() - start


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_that_is_killed_at_any_moment_ends_with_the_same_bytes(models, fasta, texts, tmp_path, workers):
    path = fasta({f"s{i}": text for i, text in enumerate(texts(2000, 1000))})
    words = ("score", "--model", str(models / "free.pt"), "--fasta", str(path), "--any-length")
    words = (*words, "--refs", "shuffle:4", "--threads", "1", "--workers", str(workers))
    seconds = whole(tmp_path / "whole" / "scores", words)
    expected, moments, kept = files(tmp_path / "whole" / "scores"), random.Random(workers), set()
    for number in range(10):
        out = tmp_path / str(number) / "scores"
        for _ in range(2):
            run = begun(out, words)
            time.sleep(moments.uniform(0.2, 1.0) * seconds)
            run.kill()
            run.wait()
            kept |= {path.name for path in out.glob("blocks/*")}
        whole(out, words)
        assert files(out) == expected
    assert "blocks-0.journal" in kept
