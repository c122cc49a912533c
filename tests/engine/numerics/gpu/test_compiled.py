"""Kernels compile for a GPU, which takes none: Triton's interpreter takes more than its compiler does."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.expressions import EXPRESSIONS

pytestmark = pytest.mark.slow
pytest.importorskip("triton")
ROOT = Path(__file__).parents[4]


def said_by(program: str, cache: Path) -> dict[str, Any]:
    """What a program prints that compiles kernels, which the interpreter's process cannot."""
    environment = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    environment |= {"TRITON_CACHE_DIR": str(cache), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", f"tests.helpers.{program}"]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, int]]:
    """How often each kernel reads, writes and divides, by the names of its instructions."""
    return said_by("compile_kernels", tmp_path_factory.mktemp("cache"))


def accesses(instructions: dict[str, int]) -> set[str]:
    return {name for name in instructions if name.startswith(("ld.", "st."))}


def test_memory_without_gaps_is_gone_through_in_pieces_of_16_bytes(compiled: dict) -> None:
    pieces = {name: found for name, found in compiled.items() if name.endswith((", float32", "largest"))}
    assert len(pieces) == len(EXPRESSIONS) + 2
    for name, instructions in pieces.items():
        wide = {access for access in accesses(instructions) if ".v4.b32" in access}
        taps = {access for access in accesses(instructions) if access.endswith(".global.b32")}
        assert wide, name
        assert wide | (taps if "largest" in name else set()) == accesses(instructions), name  # taps are bytes


def test_quotients_are_rounded_as_torch_rounds_them(compiled: dict) -> None:
    """And so is everything else: no product is added to without being rounded first."""
    kinds = {name for instructions in compiled.values() for name in instructions if name.startswith("div")}
    assert kinds == {"div.rn.f32", "div.rn.f64"}
    assert not [name for found in compiled.values() for name in found if name.startswith("fma")]


def test_few_kernels_serve_all_sizes(tmp_path: Path) -> None:
    """With and without pieces, in long and in short rows; with lanes or places side by side."""
    numbers = said_by("count_kernels", tmp_path)
    assert numbers.keys() == {"expression", "largest", "to_largest"}
    assert max(numbers.values()) <= 4
