"""Mutated input files are answered, rightly, or refused in one line; scripts/fuzz.py does it by thousands."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "scripts" / "fuzz.py"


def fuzz(*words: str | Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    line = [sys.executable, str(SCRIPT), *map(str, words)]
    return subprocess.run(line, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("group", "number", "readers"),
    [
        ("motifs", 300, 2),
        ("fasta", 300, 1),
        ("tables", 300, 2),
        ("models.Graphs", 100, 1),
        ("bed", 300, 1),
        pytest.param("fasta", 5000, 1, marks=pytest.mark.slow),
        ("sources.OtherFiles", 400, 1),
        pytest.param("bed", 5000, 1, marks=pytest.mark.slow),
        pytest.param("motifs", 5000, 2, marks=pytest.mark.slow),
        pytest.param("tables", 5000, 2, marks=pytest.mark.slow),
        pytest.param("sources", 300, 2, marks=pytest.mark.slow),
        pytest.param("models.Graphs", 1000, 1, marks=pytest.mark.slow),
        pytest.param("models", 300, 3, marks=pytest.mark.slow),
        pytest.param("folders", 60, 4, marks=pytest.mark.slow),
    ],
)
def test_no_mutated_file_harms(group: str, number: int, readers: int, tmp_path: Path) -> None:
    done = fuzz(group, "--number", number, "--seconds", 3000, "--keep", tmp_path)
    assert "FAULT" not in done.stdout
    assert (done.returncode, done.stderr) == (0, "")
    told = re.findall(r"(\d+) inputs in \d+ CPU s: (\d+) answered, (\d+) refused", done.stdout)
    assert len(told) == readers
    for total, answered, refused in told:
        assert int(total) == number == int(answered) + int(refused)
    assert not list(tmp_path.iterdir())


def test_an_input_that_was_kept_is_tried_again(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "case.json").write_text(json.dumps({"reader": "sequences.Fasta", "seed": 0, "number": 0}))
    (kept / "g.fa").write_text(">c\nAC\nGT\n")
    done = fuzz("--replay", kept)
    assert (done.returncode, done.stdout) == (0, "answered\n")
    (kept / "case.json").write_text(json.dumps({"reader": "motifs.Motifs", "seed": 0, "number": 0}))
    (kept / "two.fa").write_text("more files than the reader expects")
    done = fuzz("--replay", kept / "g.fa")
    assert done.returncode == 1
    assert done.stdout.startswith("FAULT ValueError in fuzzing/motifs.py")
